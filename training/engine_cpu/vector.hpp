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
// A function of its own, so that what surrounds a call takes no registers from its loops.
#define PF_APART static __attribute__((noinline))
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
constexpr int CHANNEL_BLOCK = 16;  // every channel count is a multiple of this
constexpr int BLOCK_VECTORS = CHANNEL_BLOCK / LANES;

typedef float Vec __attribute__((vector_size(LANES * 4)));
typedef uint32_t VecBits __attribute__((vector_size(LANES * 4)));
typedef uint16_t VecHalf __attribute__((vector_size(LANES * 2)));

// bfloat16: the upper half of a float. Stored only; arithmetic is always float.
//
// On 8 lanes the channels of a block lie in the order 0, 8, 1, 9 … 7, 15: a block is then one load,
// whose halves come apart with a shift and a mask; in plain order each vector of floats would cost
// a move across lanes when it is read and two when it is written.
struct bf16 {
  uint16_t bits;
};

// Sixteen adjacent channels of one pixel.
struct Block {
  Vec v[BLOCK_VECTORS];
};

PF_INLINE Vec splat(float value) { return value - Vec{}; }

PF_INLINE Vec load(const float* from) {
  Vec v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

PF_INLINE void store(float* to, Vec v) { std::memcpy(to, &v, sizeof v); }

// Keeps a value in a register: the compiler would rather load it anew for each use, and these loops
// load more than the processor can.
PF_INLINE void hold([[maybe_unused]] Vec& value) {
#if defined(__AVX512F__)
  asm("" : "+v"(value));
#elif defined(__AVX2__) && PF_LANES == 8
  asm("" : "+x"(value));
#endif
}

PF_INLINE Block load_block(const float* from) {
  Block block;
  PF_EACH(n, BLOCK_VECTORS) block.v[n] = load(from + n * LANES);
  return block;
}

PF_INLINE void store_block(float* to, Block block) {
  PF_EACH(n, BLOCK_VECTORS) store(to + n * LANES, block.v[n]);
}

#if PF_LANES == 8

PF_INLINE Block load_block(const bf16* from) {
  VecBits both;
  std::memcpy(&both, from, sizeof both);
  return {{(Vec)(both << 16), (Vec)(both & 0xffff0000u)}};
}

// Rounds to nearest; an exact tie goes away from zero, which saves two instructions over
// ties-to-even and differs from it once in 65,536 roundings.
PF_INLINE void store_block(bf16* to, Block block) {
  const VecBits even = ((VecBits)block.v[0] + 0x8000u) >> 16, odd = (VecBits)block.v[1] + 0x8000u;
#if defined(__AVX2__)
  const VecBits both = (VecBits)_mm256_blend_epi16((__m256i)even, (__m256i)odd, 0xaa);
#else
  const VecBits both = even | (odd & 0xffff0000u);
#endif
  std::memcpy(to, &both, sizeof both);
}

#else

PF_INLINE Block load_block(const bf16* from) {
  VecHalf half;
  std::memcpy(&half, from, sizeof half);
  return {{(Vec)(__builtin_convertvector(half, VecBits) << 16)}};
}

// Rounds as above.
PF_INLINE void store_block(bf16* to, Block block) {
  const VecHalf half = __builtin_convertvector(((VecBits)block.v[0] + 0x8000u) >> 16, VecHalf);
  std::memcpy(to, &half, sizeof half);
}

#endif

// `low` where x is negative, else `high`.
PF_INLINE Vec by_sign(Vec x, Vec low, Vec high) {
#if defined(__AVX2__) && PF_LANES == 8
  return (Vec)_mm256_blendv_ps((__m256)high, (__m256)low, (__m256)x);
#else
  return x < 0.0f ? low : high;
#endif
}

PF_INLINE Vec negative_part(Vec x) {
#if defined(__AVX2__) && PF_LANES == 8
  return (Vec)_mm256_min_ps((__m256)x, _mm256_setzero_ps());
#else
  return x < 0.0f ? x : Vec{};
#endif
}

PF_INLINE Vec prelu(Vec x, Vec slope) { return x * by_sign(x, slope, splat(1.0f)); }

// PReLU's gradient: returns that of the input, adds that of the slope.
PF_INLINE Vec prelu_backward(Vec x, Vec slope, Vec du, Vec& slope_gradient) {
  slope_gradient += du * negative_part(x);
  return du * by_sign(x, slope, splat(1.0f));
}

}  // namespace pocketface
