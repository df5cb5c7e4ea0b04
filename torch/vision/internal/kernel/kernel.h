#include <stdint.h>

int forger_fast(void); // whether the processor can run the rest

// kernel.go says what these compute.
void forger_horizontal(uint8_t *dst, const uint8_t *src, int lines, int inputs, int outputs, int c, const int32_t *first,
                       const int32_t *count, const int32_t *weights, int width, int32_t *wide);
void forger_vertical(uint8_t *dst, const uint8_t *src, int length, int outputs, const int32_t *first, const int32_t *count,
                     const int32_t *weights, int width);
void forger_idct(uint8_t *dst, int stride, const int16_t *coefficients, int blocks, const uint16_t *table);
void forger_rgb(uint8_t *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int n);
void forger_rgb420(uint8_t *dst, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, const uint8_t *far_cb,
                   const uint8_t *far_cr, int n, uint8_t *chroma);
