// Package audio holds the signal processing of speech: features of sound and ways back.
//
// A mel-cepstrum is what speech conversion models work on, and what [github.com/forgergan/forger/gan/metrics] compares:
//
//	mc := audio.SP2MC(power, 24, 0.41)   // (T, 25) of the power spectra (T, 257) at 16 kHz
//	...
//	power = audio.MC2SP(mc, 0.41, 512)
package audio
