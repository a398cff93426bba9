// PReLU, depthwise k x k, pointwise and BatchNorm's statistics in one pass over the images, and its
// gradient.
#pragma once

#include "depthwise.hpp"
#include "pointwise.hpp"

namespace pocketface {

// Stores a tile of du at given places of the spread gradient.
struct ScatterSpread {
  float* spread;
  const int* place;

  template <int ROWS, int NV>
  PF_INLINE_METHOD void take(int row, int col, Vec (&tile)[ROWS][NV]) const {
    PF_EACH(m, ROWS)
      PF_EACH(n, NV) store(spread + place[row + m] + col + n * LANES, tile[m][n]);
  }
};

template <class S, class D>
static void separable_forward(const Edge& edge, const Source<S>& source, D* z, int images,
                              Scratch& scratch, double* totals) {
  const int Ci = edge.spec.channels_in, Co = edge.spec.channels_out, k = edge.spec.k, pad = k / 2;
  const int stride = edge.spec.stride;
  const long pitch = static_cast<long>(edge.W + 2 * pad) * Ci;
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(chunk_pixels(edge)) * Ci);
  float* padded = scratch.floats(Scratch::PADDED, (edge.H + 2 * pad) * pitch);
  Moments moments(scratch.floats(Scratch::SUMS, 2 * Co), totals, Co);
  const DepthwiseRow depthwise = choose_depthwise_row(k, stride, edge.Wo);
  int filled = 0;
  for_rows(
      edge, images, filled,
      [&](int i, int y) {
        if (y == 0) activate_padded(source, i, edge.H, edge.W, pad, 0.0f, edge.slopes, padded);
        depthwise(padded + y * stride * pitch, pitch, Ci, edge.taps.data(),
                  u + static_cast<long>(filled) * Ci, edge.Wo);
      },
      [&] {
        product(u, Ci, edge.branches[0].forward.data(), Ci, Co, filled,
                KeepOutput<D>{z, Co, 0, moments.chunk(), moments.chunk() + Co});
        moments.flush();
        z += static_cast<long>(filled) * Co;
        filled = 0;
      });
}

// The depthwise result is computed again.
template <class S, class D>
static void separable_backward(const Edge& edge, const Source<S>& source, const D* z, const D* dy,
                               int images, Scratch& scratch, float* gradients) {
  const int Ci = edge.spec.channels_in, Co = edge.spec.channels_out, k = edge.spec.k, pad = k / 2;
  const int stride = edge.spec.stride, chunk = chunk_pixels(edge);
  const long pitch = static_cast<long>(edge.W + 2 * pad) * Ci, size = (edge.H + 2 * pad) * pitch;
  const Branch& branch = edge.branches[0];
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(chunk) * Ci);
  float* dz = scratch.floats(Scratch::DZ, static_cast<size_t>(chunk) * Co);
  float* padded = scratch.floats(Scratch::PADDED, size * images);
  float* spread = scratch.floats(Scratch::SPREAD, size * images);
  const int limit = std::max(CHUNK, edge.W);
  float* du = scratch.floats(Scratch::ROW, static_cast<size_t>(limit) * Ci);
  scratch.places.resize(chunk);
  int* place = scratch.places.data();
  const DepthwiseRow forward = choose_depthwise_row(k, stride, edge.Wo);
  const DepthwiseRow turned = choose_depthwise_row(k, 1, edge.W);
  const DepthwiseWeightRow weight = choose_depthwise_weight_row(k, stride);

  if (stride == 1)
    for (int i = 0; i < images; ++i) fill_frame(spread + i * size, edge.H, edge.W, Ci, pad, 0.0f);
  else
    std::fill(spread, spread + size * images, 0.0f);

  int filled = 0;
  long done = 0;
  for_rows(
      edge, images, filled,
      [&](int i, int y) {
        if (y == 0)
          activate_padded(source, i, edge.H, edge.W, pad, 0.0f, edge.slopes, padded + i * size);
        forward(padded + i * size + y * stride * pitch, pitch, Ci, edge.taps.data(),
                u + static_cast<long>(filled) * Ci, edge.Wo);
        const long first = i * size + (y * stride + pad) * pitch + pad * Ci;
        for (int x = 0; x < edge.Wo; ++x)
          place[filled + x] = static_cast<int>(first + x * stride * Ci);
      },
      [&] {
        normalise_backward(edge, z, dy, done, filled, 0, Co, dz);
        outer(dz, Co, Co, u, Ci, Ci, filled, gradients + branch.gradient);
        product(dz, Co, branch.backward.data(), Co, Ci, filled, ScatterSpread{spread, place});
        done += filled;
        filled = 0;
      });

  filled = 0;
  done = 0;
  const auto flush = [&] {
    activate_backward(source, done, filled, edge.slopes, du, edge.adds,
                      gradients + edge.slope_gradient);
    done += filled;
    filled = 0;
  };
  for (int i = 0; i < images; ++i) {
    const float* from = spread + i * size;
    for (int y = 0; y < edge.H; ++y) {
      if (y % stride == 0)
        weight(padded + i * size + y * pitch, pitch, Ci, from + (y + pad) * pitch + pad * Ci,
               gradients + edge.taps_gradient, edge.Wo);
      if (filled + edge.W > limit) flush();
      turned(from + y * pitch, pitch, Ci, edge.turned.data(), du + static_cast<long>(filled) * Ci,
             edge.W);
      filled += edge.W;
    }
  }
  flush();
}

}  // namespace pocketface
