#include "kernel.h"

#include <string.h>

// The vector types of GCC and Clang: the compiler picks the instructions, 8 lanes in one AVX2 register, in two of NEON.
// Arithmetic that may wrap is unsigned.
typedef int32_t v8 __attribute__((vector_size(32), aligned(4)));
typedef uint32_t u8x __attribute__((vector_size(32)));
typedef uint8_t b32 __attribute__((vector_size(32)));
typedef uint8_t b8 __attribute__((vector_size(8)));
typedef int16_t s8 __attribute__((vector_size(16)));
typedef uint16_t t8 __attribute__((vector_size(16)));

// On x86-64 all is compiled for AVX2, and Go asks forger_fast before it calls.
#if defined(__x86_64__)
#define FAST __attribute__((target("avx2")))
int forger_fast(void) { return __builtin_cpu_supports("avx2") != 0; }
#else
#define FAST
int forger_fast(void) { return 1; }
#endif

#define INLINE FAST static inline __attribute__((always_inline))
#if !defined(__clang__) && __GNUC__ < 12
#define OLD // without __builtin_shufflevector
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (u8x){__VA_ARGS__})
#else
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#endif
#define PRECISION 22
#define HALF (1 << (PRECISION - 1))

INLINE uint8_t clip(int32_t v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

INLINE v8 clip8(v8 v) {
	v8 high = v > 255;
	v = (v & ~high) | (high & 255);
	return v & ~(v < 0);
}

INLINE v8 load8(const uint8_t *p) {
	v8 v;
	for (int i = 0; i < 8; i++) v[i] = p[i];
	return v;
}

INLINE void store8(uint8_t *p, v8 v) {
#ifdef OLD
	v = clip8(v);
	for (int i = 0; i < 8; i++) p[i] = v[i];
#else
	b32 wide = (b32)clip8(v);
	b8 b = __builtin_shufflevector(wide, wide, 0, 4, 8, 12, 16, 20, 24, 28);
	memcpy(p, &b, 8);
#endif
}

// A vector holds a pixel of two lines, or, of grey pictures, of eight: wide gets those lines as vectors.
INLINE void horizontal(uint8_t *dst, const uint8_t *src, int lines, int inputs, int outputs, const int c, const int32_t *first,
                       const int32_t *count, const int32_t *weights, int width, v8 *wide) {
	const int lanes = c == 1 ? 1 : 4;
	for (int together = 8 / lanes; lines > 0; lines -= together, src += together * inputs * c, dst += together * outputs * c) {
		int32_t *lane = (int32_t *)wide;
		int here = lines < together ? lines : together;
		for (int line = 0; line < here; line++, lane += lanes) {
			const uint8_t *p = src + line * inputs * c;
			for (int x = 0; x < inputs; x++)
				for (int ch = 0; ch < c; ch++) lane[8 * x + ch] = p[c * x + ch];
		}
		for (int x = 0; x < outputs; x++) {
			const v8 *p = wide + first[x];
			const int32_t *w = weights + x * width;
			v8 sum = {HALF, HALF, HALF, HALF, HALF, HALF, HALF, HALF};
			for (int k = 0; k < count[x]; k++) sum += p[k] * w[k];
			uint8_t b[8];
			store8(b, sum >> PRECISION);
			for (int line = 0; line < here; line++) memcpy(dst + (line * outputs + x) * c, b + line * lanes, c);
		}
	}
}

FAST void forger_horizontal(uint8_t *dst, const uint8_t *src, int lines, int inputs, int outputs, int c, const int32_t *first,
                            const int32_t *count, const int32_t *weights, int width, int32_t *wide) {
	if (c == 3) horizontal(dst, src, lines, inputs, outputs, 3, first, count, weights, width, (v8 *)wide);
	else if (c == 4) horizontal(dst, src, lines, inputs, outputs, 4, first, count, weights, width, (v8 *)wide);
	else horizontal(dst, src, lines, inputs, outputs, 1, first, count, weights, width, (v8 *)wide);
}

FAST void forger_vertical(uint8_t *dst, const uint8_t *src, int length, int outputs, const int32_t *first, const int32_t *count,
                          const int32_t *weights, int width) {
	for (int y = 0; y < outputs; y++, dst += length, weights += width) {
		const uint8_t *from = src + (int64_t)first[y] * length;
		int i = 0;
		for (; i + 8 <= length; i += 8) {
			const uint8_t *p = from + i;
			v8 sum = {HALF, HALF, HALF, HALF, HALF, HALF, HALF, HALF};
			for (int k = 0; k < count[y]; k++, p += length) sum += load8(p) * weights[k];
			store8(dst + i, sum >> PRECISION);
		}
		for (; i < length; i++) {
			const uint8_t *p = from + i;
			int32_t sum = HALF;
			for (int k = 0; k < count[y]; k++, p += length) sum += *p * weights[k];
			dst[i] = clip(sum >> PRECISION);
		}
	}
}

INLINE void transpose(u8x x[8]) {
	u8x a[8], b[8];
	for (int i = 0; i < 4; i++) { // pairs of rows
		a[2 * i] = SHUFFLE(x[2 * i], x[2 * i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
		a[2 * i + 1] = SHUFFLE(x[2 * i], x[2 * i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
	}
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 2; j++) {
			b[4 * i + j] = SHUFFLE(a[4 * i + j], a[4 * i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
			b[4 * i + j + 2] = SHUFFLE(a[4 * i + j], a[4 * i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
		}
	}
	for (int i = 0; i < 4; i++) {
		x[i] = SHUFFLE(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
		x[i + 4] = SHUFFLE(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
	}
}

INLINE void pass(u8x x[8], const int shift) {
	u8x z = (x[2] + x[6]) * 4433;
	u8x t2 = z - x[6] * 15137, t3 = z + x[2] * 6270;
	u8x t0 = (x[0] + x[4]) << 13, t1 = (x[0] - x[4]) << 13;
	u8x even[4] = {t0 + t3, t1 + t2, t1 - t2, t0 - t3};

	t0 = x[7], t1 = x[5], t2 = x[3], t3 = x[1];
	u8x z1 = (t0 + t3) * -7373, z2 = (t1 + t2) * -20995, z3 = (t0 + t2) * -16069, z4 = (t1 + t3) * -3196;
	u8x z5 = (t0 + t2 + t1 + t3) * 9633;
	z3 += z5, z4 += z5;
	u8x odd[4] = {t3 * 12299 + z1 + z4, t2 * 25172 + z2 + z3, t1 * 16819 + z2 + z4, t0 * 2446 + z1 + z3};
	const uint32_t round = 1u << (shift - 1);
	for (int k = 0; k < 4; k++) {
		x[k] = (u8x)((v8)(even[k] + odd[k] + round) >> shift);
		x[7 - k] = (u8x)((v8)(even[k] - odd[k] + round) >> shift);
	}
	transpose(x);
}

FAST void forger_idct(uint8_t *dst, int stride, const int16_t *coefficients, int blocks, const uint16_t *table) {
	for (; blocks > 0; blocks--, dst += 8, coefficients += 64) {
		u8x x[8];
		for (int k = 0; k < 8; k++) {
			t8 v, q;
			memcpy(&v, coefficients + 8 * k, 16);
			memcpy(&q, table + 8 * k, 16);
			x[k] = (u8x)__builtin_convertvector((s8)(v * q), v8);
		}
		pass(x, 11);
		pass(x, 18);
		for (int k = 0; k < 8; k++) store8(dst + k * stride, (v8)(x[k] + 128));
	}
}

INLINE void rgb(uint8_t *restrict dst, const uint8_t *restrict y, const uint8_t *restrict cb, const uint8_t *restrict cr, int n) {
	for (int x = 0; x < n; x++) {
		int32_t l = y[x], b = cb[x] - 128, r = cr[x] - 128;
		dst[3 * x] = clip(l + ((91881 * r + 32768) >> 16));
		dst[3 * x + 1] = clip(l + ((-22554 * b - 46802 * r + 32768) >> 16));
		dst[3 * x + 2] = clip(l + ((116130 * b + 32768) >> 16));
	}
}

// The sums of neighbours go through memory once, so that both outputs of a sample come from plain vector loads.
INLINE void twice(uint8_t *restrict dst, const uint8_t *restrict near, const uint8_t *restrict far, int n) {
	int half = (n + 1) / 2;
	dst[0] = (4 * (3 * near[0] + far[0]) + 8) >> 4;
	if (n % 2 == 0) dst[n - 1] = (4 * (3 * near[half - 1] + far[half - 1]) + 7) >> 4;
	for (int x = 0; x < half - 1; x++) {
		uint16_t a = 3 * near[x] + far[x], b = 3 * near[x + 1] + far[x + 1];
		dst[2 * x + 1] = (uint16_t)(3 * a + b + 7) >> 4;
		dst[2 * x + 2] = (uint16_t)(3 * b + a + 8) >> 4;
	}
}

FAST void forger_rgb(uint8_t *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int n) { rgb(dst, y, cb, cr, n); }

FAST void forger_rgb420(uint8_t *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, const uint8_t *far_cb,
                        const uint8_t *far_cr, int n, uint8_t *chroma) {
	twice(chroma, cb, far_cb, n);
	twice(chroma + n, cr, far_cr, n);
	rgb(dst, y, chroma, chroma + n, n);
}
