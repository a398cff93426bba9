// Reading a source through its affine map and PReLU, and writing its gradient back.
#pragma once

#include <cstring>
#include <limits>

#include "graph.hpp"

namespace pocketface {

// Pixels handled at once: a multiple of both tile heights, and few enough that their activations
// and products stay in the first two cache levels (48, 96 and 144 measured; 96 is never behind).
constexpr int CHUNK = 96;

// What `activate` asks memory for while it works: a map is read a chunk at a time, with products in
// between, and the processor's own prefetching loses the thread there.
enum Fetch { NOTHING_MORE, NEXT_CHUNK, NEXT_CHUNK_AND_GRADIENT };

// Rows of pixels: `count` pixels each, `step` pixels apart; `pitch` floats from one row of the
// result to the next, and `source_pitch` pixels of the source.
struct Rows {
  int rows, count, step;
  long source_pitch, pitch;
};

template <Fetch FETCH, bool AFFINE, class S>
static void activate_rows(const Source<S>& source, long first, Rows shape, const float* slopes,
                          float* u) {
  const int C = source.planes * source.c;
  for (int b = 0; b < source.planes; ++b)
    for (int c = 0; c < source.c; c += CHANNEL_BLOCK) {
      const int channel = b * source.c + c;
      const Block slope = load_block(slopes + channel), scale = load_block(source.scale + channel),
                  shift = load_block(source.shift + channel);
      for (int row = 0; row < shape.rows; ++row) {
        const S* x = source.x[b] + (first + row * shape.source_pitch) * source.c + c;
        float* to = u + row * shape.pitch + channel;
        for (int i = 0; i < shape.count; ++i, x += shape.step * source.c, to += C) {
          if (FETCH != NOTHING_MORE) __builtin_prefetch(x + CHUNK * source.c);
          if (FETCH == NEXT_CHUNK_AND_GRADIENT)
            __builtin_prefetch(source.gradient[b] + (x - source.x[b]), 1);
          Block value = load_block(x);
          PF_EACH(n, BLOCK_VECTORS) {
            if (AFFINE) value.v[n] = value.v[n] * scale.v[n] + shift.v[n];
            value.v[n] = prelu(value.v[n], slope.v[n]);
          }
          store_block(to, value);
        }
      }
    }
}

// u = prelu(source), rows of pixels from `first` on.
template <Fetch FETCH, class S>
static void activate(const Source<S>& source, long first, Rows shape, const float* slopes,
                     float* u) {
  if (source.affine)
    activate_rows<FETCH, true>(source, first, shape, slopes, u);
  else
    activate_rows<FETCH, false>(source, first, shape, slopes, u);
}

// u[i] = prelu(source at pixel first + i * step), for `count` pixels.
template <Fetch FETCH, class S>
static void activate(const Source<S>& source, long first, int step, int count, const float* slopes,
                     float* u) {
  activate<FETCH>(source, first, Rows{1, count, step, 0, 0}, slopes, u);
}

// The columns of a source, block by block of channels.
template <class S>
static const Column<S>* list_columns(const Source<S>& source, Scratch& scratch) {
  const int C = source.planes * source.c;
  scratch.columns.resize(static_cast<size_t>(C / CHANNEL_BLOCK) * sizeof(Column<S>));
  Column<S>* columns = reinterpret_cast<Column<S>*>(scratch.columns.data());
  for (int c = 0; c < C; c += CHANNEL_BLOCK)
    columns[c / CHANNEL_BLOCK] = {source.x[c / source.c] + c % source.c,
                                  source.gradient[c / source.c] + c % source.c};
  return columns;
}

// Sets the frame of `pad` pixels around an H x W image.
static inline void fill_frame(float* image, int H, int W, int C, int pad, float value) {
  const long pitch = static_cast<long>(W + 2 * pad) * C;
  std::fill(image, image + pad * pitch, value);
  std::fill(image + (H + pad) * pitch, image + (H + 2 * pad) * pitch, value);
  for (int y = pad; y < H + pad; ++y) {
    std::fill(image + y * pitch, image + y * pitch + pad * C, value);
    std::fill(image + (y + 1) * pitch - pad * C, image + (y + 1) * pitch, value);
  }
}

// The activated image `index` of a single-plane source, framed by `pad` pixels of `value`.
template <class S>
static void activate_padded(const Source<S>& source, int index, int H, int W, int pad, float value,
                            const float* slopes, float* to) {
  const long pitch = static_cast<long>(W + 2 * pad) * source.c;
  fill_frame(to, H, W, source.c, pad, value);
  activate<NOTHING_MORE>(source, static_cast<long>(index) * H * W, Rows{H, W, 1, W, pitch}, slopes,
                         to + pad * pitch + pad * source.c);
}

// The gradient of `activate` for `count` adjacent pixels from `first`.
template <class S>
static void activate_backward(const Source<S>& source, long first, int count, const float* slopes,
                              const float* du, bool adds, float* slope_gradients) {
  const int C = source.planes * source.c;
  for (int b = 0; b < source.planes; ++b)
    for (int c = 0; c < source.c; c += CHANNEL_BLOCK) {
      const int channel = b * source.c + c;
      const Block slope = load_block(slopes + channel), scale = load_block(source.scale + channel),
                  shift = load_block(source.shift + channel);
      Block sum = load_block(slope_gradients + channel);
      const S* x = source.x[b] + first * source.c + c;
      S* dx = source.gradient[b] + first * source.c + c;
      const float* from = du + channel;
      for (int i = 0; i < count; ++i, x += source.c, dx += source.c, from += C) {
        const Block value = load_block(x);
        Block g = load_block(from);
        PF_EACH(n, BLOCK_VECTORS)
          g.v[n] = prelu_backward(value.v[n] * scale.v[n] + shift.v[n], slope.v[n], g.v[n],
                                  sum.v[n]);
        if (adds) {
          const Block before = load_block(dx);
          PF_EACH(n, BLOCK_VECTORS) g.v[n] += before.v[n];
        }
        store_block(dx, g);
      }
      store_block(slope_gradients + channel, sum);
    }
}

// dz of `columns` channels from `column` on, for `count` pixels from `first`, through BatchNorm.
template <class D>
static void normalise_backward(const Edge& edge, const D* z, const D* dy, long first, int count,
                               int column, int columns, float* dz) {
  const int C = edge.spec.channels_out;
  for (int c = 0; c < columns; c += CHANNEL_BLOCK) {
    const Block a = load_block(edge.from_dy.data() + column + c),
                b = load_block(edge.from_z.data() + column + c),
                k = load_block(edge.constant.data() + column + c);
    const D* z_from = z + first * C + column + c;
    const D* dy_from = dy + first * C + column + c;
    float* to = dz + c;
    for (int i = 0; i < count; ++i, z_from += C, dy_from += C, to += columns) {
      __builtin_prefetch(z_from + CHUNK * C);
      __builtin_prefetch(dy_from + CHUNK * C);
      const Block g = load_block(dy_from), value = load_block(z_from);
      PF_EACH(n, BLOCK_VECTORS)
        store(to + n * LANES, a.v[n] * g.v[n] + (b.v[n] * value.v[n] + k.v[n]));
    }
  }
}

// Sums and squared sums of z, kept as floats over one chunk of pixels and as doubles beyond.
class Moments {
 public:
  Moments(float* chunk, double* total, int channels)
      : chunk_(chunk), total_(total), n_(2 * channels) {
    std::fill(chunk_, chunk_ + n_, 0.0f);
  }
  float* chunk() const { return chunk_; }
  void flush() {
    for (int i = 0; i < n_; ++i) total_[i] += chunk_[i];
    std::fill(chunk_, chunk_ + n_, 0.0f);
  }

 private:
  float* chunk_;
  double* total_;
  int n_;
};

}  // namespace pocketface
