// The first convolution, 3x3 of stride 2 over the images, as a product of gathered inputs.
#pragma once

#include "pointwise.hpp"

namespace pocketface {

constexpr int STEM_TAPS = 27;   // 3 colours of 3 x 3
constexpr int STEM_INPUT = 32;  // the same, filled up to whole vectors

// The 27 inputs of each output pixel of one row; images are [N][3][height][width].
static inline void gather_stem_row(const float* image, int height, int width, int y, int Wo,
                                   float* u) {
  std::fill(u, u + static_cast<long>(Wo) * STEM_INPUT, 0.0f);
  for (int t = 0; t < STEM_TAPS; ++t) {
    const int row = 2 * y + (t / 3) % 3 - 1, left = t % 3 - 1;
    if (row < 0 || row >= height) continue;
    const float* from = image + (static_cast<long>(t / 9) * height + row) * width;
    for (int x = 0; x < Wo; ++x) {
      const int column = 2 * x + left;
      if (column >= 0 && column < width) u[x * STEM_INPUT + t] = from[column];
    }
  }
}

template <class D>
static void stem_forward(const Edge& edge, const float* image, D* z, int images, Scratch& scratch,
                         double* totals) {
  const int Co = edge.spec.channels_out;
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(edge.Wo) * STEM_INPUT);
  Moments moments(scratch.floats(Scratch::SUMS, 2 * Co), totals, Co);
  for (int i = 0; i < images; ++i, image += 3L * edge.H * edge.W)
    for (int y = 0; y < edge.Ho; ++y, z += static_cast<long>(edge.Wo) * Co) {
      gather_stem_row(image, edge.H, edge.W, y, edge.Wo, u);
      product(u, STEM_INPUT, edge.branches[0].forward.data(), STEM_INPUT, Co, edge.Wo,
              KeepOutput<D>{z, Co, 0, moments.chunk(), moments.chunk() + Co});
      moments.flush();
    }
}

template <class D>
static void stem_backward(const Edge& edge, const float* image, const D* z, const D* dy, int images,
                          Scratch& scratch, float* gradients) {
  const int Co = edge.spec.channels_out;
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(edge.Wo) * STEM_INPUT);
  float* dz = scratch.floats(Scratch::DZ, static_cast<size_t>(edge.Wo) * Co);
  for (int i = 0; i < images; ++i, image += 3L * edge.H * edge.W)
    for (int y = 0; y < edge.Ho; ++y) {
      gather_stem_row(image, edge.H, edge.W, y, edge.Wo, u);
      normalise_backward(edge, z, dy, (static_cast<long>(i) * edge.Ho + y) * edge.Wo, edge.Wo, 0,
                         Co, dz);
      outer(dz, Co, Co, u, STEM_INPUT, STEM_INPUT, edge.Wo, gradients + edge.branches[0].gradient);
    }
}

}  // namespace pocketface
