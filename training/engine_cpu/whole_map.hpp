// The tail's depthwise convolution, whose kernel is as large as the map.
#pragma once

#include "pooling.hpp"

namespace pocketface {

template <class S, class D>
static void global_forward(const Edge& edge, const Source<S>& source, D* z, int images,
                           Scratch& scratch, double* totals) {
  const int C = edge.spec.channels_in, pixels = edge.H * edge.W;
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(pixels) * C);
  float* sum = scratch.floats(Scratch::ROW, C);
  Moments moments(scratch.floats(Scratch::SUMS, 2 * C), totals, C);
  for (int i = 0; i < images; ++i) {
    activate<NOTHING_MORE>(source, static_cast<long>(i) * pixels, 1, pixels, edge.slopes, u);
    for (int c = 0; c < C; c += LANES) {
      Vec v = Vec{};
      for (int p = 0; p < pixels; ++p)
        v += load(u + p * C + c) * load(edge.taps.data() + p * C + c);
      store(sum + c, v);
    }
    keep_rows(sum, 1, C, z + static_cast<long>(i) * C, moments);
  }
}

template <class S, class D>
static void global_backward(const Edge& edge, const Source<S>& source, const D* z, const D* dy,
                            int images, Scratch& scratch, float* gradients) {
  const int C = edge.spec.channels_in, pixels = edge.H * edge.W;
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(pixels) * C);
  float* du = scratch.floats(Scratch::SPREAD, static_cast<size_t>(pixels) * C);
  float* dz = scratch.floats(Scratch::DZ, C);
  float* taps = gradients + edge.taps_gradient;
  for (int i = 0; i < images; ++i) {
    activate<NOTHING_MORE>(source, static_cast<long>(i) * pixels, 1, pixels, edge.slopes, u);
    normalise_backward(edge, z, dy, i, 1, 0, C, dz);
    for (int p = 0; p < pixels; ++p)
      for (int c = 0; c < C; c += LANES) {
        const Vec g = load(dz + c);
        store(taps + p * C + c, load(taps + p * C + c) + g * load(u + p * C + c));
        store(du + p * C + c, g * load(edge.taps.data() + p * C + c));
      }
    activate_backward(source, static_cast<long>(i) * pixels, pixels, edge.slopes, du, edge.adds,
                      gradients + edge.slope_gradient);
  }
}

}  // namespace pocketface
