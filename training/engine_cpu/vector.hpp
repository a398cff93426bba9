// Portable vectors of floats, and the two storage types (float, bfloat16) behind one load/store.
//
// Written with the vector extensions of GCC and clang, so one source serves AVX2 (8 lanes),
// AVX-512 (16 lanes) and whatever else the compiler can lower an 8-lane vector to.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define PF_INLINE static inline __attribute__((always_inline))
#define PF_INLINE_METHOD inline __attribute__((always_inline))
// A loop of known length, unrolled: its index picks registers.
#define PF_EACH(index, count) _Pragma("GCC unroll 64") for (int index = 0; index < (count); ++index)

// Floats in a vector; a test may choose the number that its own processor would not.
#if !defined(PF_LANES)
#if defined(__AVX512F__)
#define PF_LANES 16
#else
#define PF_LANES 8
#endif
#endif

namespace pocketface {

constexpr int LANES = PF_LANES;

typedef float Vec __attribute__((vector_size(LANES * 4)));
typedef uint32_t VecBits __attribute__((vector_size(LANES * 4)));
typedef uint16_t VecHalf __attribute__((vector_size(LANES * 2)));

// bfloat16: the upper half of a float. Stored only; arithmetic is always float.
struct bf16 {
  uint16_t bits;
};

PF_INLINE Vec splat(float value) { return value - Vec{}; }

PF_INLINE Vec load(const float* from) {
  Vec v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

PF_INLINE void store(float* to, Vec v) { std::memcpy(to, &v, sizeof v); }

PF_INLINE Vec load(const bf16* from) {
  VecHalf half;
  std::memcpy(&half, from, sizeof half);
  return (Vec)(__builtin_convertvector(half, VecBits) << 16);
}

// Rounds to nearest; an exact tie goes away from zero, which saves two instructions over
// ties-to-even and differs from it once in 65,536 roundings.
PF_INLINE void store(bf16* to, Vec v) {
  const VecBits rounded = ((VecBits)v + 0x8000u) >> 16;
#if defined(__AVX2__) && PF_LANES == 8
  const __m256i wide = (__m256i)rounded;
  const __m128i packed =
      _mm_packus_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
#else
  const VecHalf packed = __builtin_convertvector(rounded, VecHalf);
#endif
  std::memcpy(to, &packed, sizeof packed);
}

PF_INLINE Vec prelu(Vec x, Vec slope) { return x * (x < 0.0f ? slope : splat(1.0f)); }

}  // namespace pocketface
