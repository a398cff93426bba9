// 3x3 pooling by maximum or mean, and the identity.
#pragma once

#include "source.hpp"

namespace pocketface {

// Stores `count` pixels of z from a row of floats and adds them to the moments.
template <class D>
static void keep_rows(const float* row, int count, int C, D* z, Moments& moments) {
  for (int c = 0; c < C; c += CHANNEL_BLOCK) {
    Block sum = load_block(moments.chunk() + c), square = load_block(moments.chunk() + C + c);
    for (int i = 0; i < count; ++i) {
      const Block value = load_block(row + static_cast<long>(i) * C + c);
      PF_EACH(n, BLOCK_VECTORS) {
        sum.v[n] += value.v[n];
        square.v[n] += value.v[n] * value.v[n];
      }
      store_block(z + static_cast<long>(i) * C + c, value);
    }
    store_block(moments.chunk() + c, sum);
    store_block(moments.chunk() + C + c, square);
  }
  moments.flush();
}

// How many of the three taps around 2 or 1 times `at` lie inside `size`.
PF_INLINE int taps_inside(int at, int stride, int size) {
  const int centre = at * stride;
  return 1 + (centre > 0) + (centre + 1 < size);
}

template <class S, class D>
static void pool_forward(const Edge& edge, const Source<S>& source, D* z, int images,
                         Scratch& scratch, double* totals) {
  const int C = edge.spec.channels_in, stride = edge.spec.stride;
  const bool is_max = edge.spec.kind == MAX;
  const float outside = is_max ? -std::numeric_limits<float>::infinity() : 0.0f;
  const long pitch = static_cast<long>(edge.W + 2) * C;
  float* padded = scratch.floats(Scratch::PADDED, (edge.H + 2) * pitch);
  float* row = scratch.floats(Scratch::ROW, static_cast<size_t>(edge.Wo) * C);
  Moments moments(scratch.floats(Scratch::SUMS, 2 * C), totals, C);
  for (int i = 0; i < images; ++i) {
    activate_padded(source, i, edge.H, edge.W, 1, outside, edge.slopes, padded);
    for (int y = 0; y < edge.Ho; ++y, z += static_cast<long>(edge.Wo) * C) {
      for (int x = 0; x < edge.Wo; ++x) {
        const float* window = padded + y * stride * pitch + static_cast<long>(x) * stride * C;
        const Vec share = splat(1.0f / static_cast<float>(taps_inside(y, stride, edge.H) *
                                                          taps_inside(x, stride, edge.W)));
        for (int c = 0; c < C; c += LANES) {
          Vec v = load(window + c);
          for (int t = 1; t < 9; ++t) {
            const Vec tap = load(window + (t / 3) * pitch + (t % 3) * C + c);
            v = is_max ? (tap > v ? tap : v) : v + tap;
          }
          store(row + static_cast<long>(x) * C + c, is_max ? v : v * share);
        }
      }
      keep_rows(row, edge.Wo, C, z, moments);
    }
  }
}

// Each output's gradient goes to the first largest of its nine inputs, or in equal parts to those
// inside the map.
template <class S, class D>
static void pool_backward(const Edge& edge, const Source<S>& source, const D* z, const D* dy,
                          int images, Scratch& scratch, float* gradients) {
  const int C = edge.spec.channels_in, stride = edge.spec.stride;
  const bool is_max = edge.spec.kind == MAX;
  const float outside = is_max ? -std::numeric_limits<float>::infinity() : 0.0f;
  const long pitch = static_cast<long>(edge.W + 2) * C, size = (edge.H + 2) * pitch;
  float* padded = scratch.floats(Scratch::PADDED, size);
  float* spread = scratch.floats(Scratch::SPREAD, size);
  float* dz = scratch.floats(Scratch::DZ, static_cast<size_t>(edge.Wo) * C);
  for (int i = 0; i < images; ++i) {
    if (is_max) activate_padded(source, i, edge.H, edge.W, 1, outside, edge.slopes, padded);
    std::fill(spread, spread + size, 0.0f);
    for (int y = 0; y < edge.Ho; ++y) {
      normalise_backward(edge, z, dy, (static_cast<long>(i) * edge.Ho + y) * edge.Wo, edge.Wo, 0, C,
                         dz);
      for (int x = 0; x < edge.Wo; ++x) {
        const long corner = y * stride * pitch + static_cast<long>(x) * stride * C;
        const Vec share = splat(1.0f / static_cast<float>(taps_inside(y, stride, edge.H) *
                                                          taps_inside(x, stride, edge.W)));
        for (int c = 0; c < C; c += LANES) {
          const Vec g = load(dz + static_cast<long>(x) * C + c);
          const float* window = padded + corner + c;
          float* to = spread + corner + c;
          Vec best = load(window);
          VecBits winner = {};
          if (is_max)
            for (unsigned t = 1; t < 9; ++t) {
              const Vec tap = load(window + (t / 3) * pitch + (t % 3) * C);
              winner = tap > best ? (VecBits{} + t) : winner;
              best = tap > best ? tap : best;
            }
          for (unsigned t = 0; t < 9; ++t) {
            float* at = to + (t / 3) * pitch + (t % 3) * C;
            store(at, load(at) + (is_max ? (winner == t ? g : Vec{}) : g * share));
          }
        }
      }
    }
    for (int y = 0; y < edge.H; ++y)
      activate_backward(source, (static_cast<long>(i) * edge.H + y) * edge.W, edge.W, edge.slopes,
                        spread + (y + 1) * pitch + C, edge.adds, gradients + edge.slope_gradient);
  }
}

// The target's gradient is the source's, times `factors` (one a channel) where there are any.
template <class S>
static void skip_backward(const Edge& edge, const Source<S>& source, const S* dy, long pixels,
                          const float* factors) {
  const int C = edge.spec.channels_in;
  S* dx = source.gradient[0];
  if (!edge.adds && factors == nullptr) {
    std::memcpy(dx, dy, pixels * C * sizeof(S));
    return;
  }
  for (long p = 0; p < pixels; ++p, dx += C, dy += C)
    for (int c = 0; c < C; c += CHANNEL_BLOCK) {
      Block g = load_block(dy + c);
      if (factors != nullptr)
        PF_EACH(n, BLOCK_VECTORS) g.v[n] *= load(factors + c + n * LANES);
      if (edge.adds) {
        const Block before = load_block(dx + c);
        PF_EACH(n, BLOCK_VECTORS) g.v[n] += before.v[n];
      }
      store_block(dx + c, g);
    }
}

}  // namespace pocketface
