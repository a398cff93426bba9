// PReLU, pointwise and BatchNorm's statistics in one pass, and its gradient: where there is no
// depthwise kernel larger than 1x1, which is folded into the weights. Pixels are independent here,
// so any run of them can be taken; a factorized reduce is two such passes over every other pixel.
#pragma once

#include <algorithm>

#include "source.hpp"

namespace pocketface {

PF_INLINE int chunk_pixels(const Edge& edge) { return std::max(CHUNK, edge.Wo); }

// The block of channels that starts at a tile's vector n.
template <int ROWS, int PANEL>
PF_INLINE Block block_of(Vec (&tile)[ROWS][PANEL], int row, int n) {
  Block block;
  PF_EACH(j, BLOCK_VECTORS) block.v[j] = tile[row][n + j];
  return block;
}

// Stores a tile of z and adds it to the moments.
template <class D>
struct KeepOutput {
  D* z;
  int stride;  // channels of z
  int column;
  float *sums, *squares;

  template <int ROWS, int PANEL>
  PF_INLINE_METHOD void take(int row, int col, Vec (&tile)[ROWS][PANEL]) const {
    PF_EACH(n, PANEL) {
      const int c = column + col + n * LANES;
      Vec sum = load(sums + c), square = load(squares + c);
      PF_EACH(m, ROWS) {
        sum += tile[m][n];
        square += tile[m][n] * tile[m][n];
        if (n % BLOCK_VECTORS == 0)
          store_block(z + static_cast<long>(row + m) * stride + c, block_of(tile, m, n));
      }
      store(sums + c, sum);
      store(squares + c, square);
    }
  }
};

// Takes a tile of du through PReLU into the source's gradient.
template <class S>
struct IntoSource {
  const float *scale, *shift;
  const Column<S>* columns;  // by block of channels
  const int* place;          // by pixel: its offset in a plane
  const float* slopes;
  float* slope_gradients;
  bool adds;

  template <int ROWS, int PANEL>
  PF_INLINE_METHOD void take(int row, int col, Vec (&tile)[ROWS][PANEL]) const {
    PF_EACH(b, PANEL / BLOCK_VECTORS) {
      const int channel = col + b * CHANNEL_BLOCK;
      const Column<S> column = columns[channel / CHANNEL_BLOCK];
      const Block slope = load_block(slopes + channel), factor = load_block(scale + channel),
                  offset = load_block(shift + channel);
      Block sum = load_block(slope_gradients + channel);
      PF_EACH(m, ROWS) {
        const int at = place[row + m];
        const Block x = load_block(column.x + at);
        Block g = block_of(tile, m, b * BLOCK_VECTORS);
        PF_EACH(n, BLOCK_VECTORS)
          g.v[n] = prelu_backward(x.v[n] * factor.v[n] + offset.v[n], slope.v[n], g.v[n], sum.v[n]);
        if (adds) {
          const Block before = load_block(column.gradient + at);
          PF_EACH(n, BLOCK_VECTORS) g.v[n] += before.v[n];
        }
        store_block(column.gradient + at, g);
      }
      store_block(slope_gradients + channel, sum);
    }
  }
};

// Calls row(image, y) for each output row and flush() whenever the next row would not fit.
template <class Row, class Flush>
PF_INLINE void for_rows(const Edge& edge, int images, int& filled, const Row& row,
                        const Flush& flush) {
  const int chunk = chunk_pixels(edge);
  for (int i = 0; i < images; ++i)
    for (int y = 0; y < edge.Ho; ++y) {
      if (filled + edge.Wo > chunk) flush();
      row(i, y);
      filled += edge.Wo;
    }
  flush();
}

// The input pixel of output (0, y) of image i in a strided branch.
PF_INLINE long strided_pixel(const Edge& edge, const Branch& branch, int i, int y) {
  return (static_cast<long>(i) * edge.H + y * edge.spec.stride + branch.offset) * edge.W +
         branch.offset;
}

// For `pixels` of the source, which are whole images where the stride is not 1.
template <class S, class D>
static void pointwise_forward(const Edge& edge, const Source<S>& source, D* z, long pixels,
                              Scratch& scratch, double* totals) {
  const int Ci = edge.spec.channels_in, Co = edge.spec.channels_out, stride = edge.spec.stride;
  const int chunk = chunk_pixels(edge);
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(chunk) * Ci);
  Moments moments(scratch.floats(Scratch::SUMS, 2 * Co), totals, Co);
  for (const Branch& branch : edge.branches) {
    int filled = 0;
    long done = 0;
    const auto flush = [&] {
      product(
          u, Ci, branch.forward.data(), Ci, branch.columns, filled,
          KeepOutput<D>{z + done * Co, Co, branch.column, moments.chunk(), moments.chunk() + Co});
      moments.flush();
      done += filled;
      filled = 0;
    };
    if (stride == 1) {
      while (done < pixels) {
        filled = static_cast<int>(std::min<long>(chunk, pixels - done));
        activate<NEXT_CHUNK>(source, done, 1, filled, edge.slopes, u);
        flush();
      }
      continue;
    }
    for_rows(
        edge, static_cast<int>(pixels / (edge.H * edge.W)), filled,
        [&](int i, int y) {
          activate<NEXT_CHUNK>(source, strided_pixel(edge, branch, i, y), stride, edge.Wo,
                               edge.slopes, u + static_cast<long>(filled) * Ci);
        },
        flush);
  }
}

template <class S, class D>
static void pointwise_backward(const Edge& edge, const Source<S>& source, const D* z, const D* dy,
                               long pixels, Scratch& scratch, float* gradients) {
  const int Ci = edge.spec.channels_in, stride = edge.spec.stride, chunk = chunk_pixels(edge);
  float* u = scratch.floats(Scratch::U, static_cast<size_t>(chunk) * Ci);
  float* dz = scratch.floats(Scratch::DZ, static_cast<size_t>(chunk) * edge.spec.channels_out);
  const Column<S>* columns = list_columns(source, scratch);
  scratch.places.resize(chunk);
  int* place = scratch.places.data();
  bool adds = edge.adds;
  if (stride != 1 && !adds) {  // pixels that no stride meets have no gradient
    for (int b = 0; b < source.planes; ++b)
      std::memset(source.gradient[b], 0, pixels * source.c * sizeof(S));
    adds = true;
  }
  for (const Branch& branch : edge.branches) {
    int filled = 0;
    long done = 0;
    const auto flush = [&] {
      normalise_backward(edge, z, dy, done, filled, branch.column, branch.columns, dz);
      outer(dz, branch.columns, branch.columns, u, Ci, Ci, filled, gradients + branch.gradient);
      product(dz, branch.columns, branch.backward.data(), branch.columns, Ci, filled,
              IntoSource<S>{source.scale, source.shift, columns, place, edge.slopes,
                            gradients + edge.slope_gradient, adds});
      done += filled;
      filled = 0;
    };
    if (stride == 1) {
      while (done < pixels) {
        filled = static_cast<int>(std::min<long>(chunk, pixels - done));
        activate<NEXT_CHUNK_AND_GRADIENT>(source, done, 1, filled, edge.slopes, u);
        for (int i = 0; i < filled; ++i) place[i] = (static_cast<int>(done) + i) * source.c;
        flush();
      }
      continue;
    }
    for_rows(
        edge, static_cast<int>(pixels / (edge.H * edge.W)), filled,
        [&](int i, int y) {
          const long first = strided_pixel(edge, branch, i, y);
          activate<NEXT_CHUNK_AND_GRADIENT>(source, first, stride, edge.Wo, edge.slopes,
                                            u + static_cast<long>(filled) * Ci);
          for (int x = 0; x < edge.Wo; ++x)
            place[filled + x] = static_cast<int>(first + x * stride) * source.c;
        },
        flush);
  }
}

}  // namespace pocketface
