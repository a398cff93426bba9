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

// u[i][c] = prelu(source at pixel first + i * step), for `count` pixels.
template <Fetch FETCH, class S>
static void activate(const Source<S>& source, long first, int step, int count, const float* slopes,
                     float* u) {
  constexpr int NV = CHANNEL_BLOCK / LANES;
  const int C = source.planes * source.c;
  for (int b = 0; b < source.planes; ++b)
    for (int c = 0; c < source.c; c += CHANNEL_BLOCK) {
      const int channel = b * source.c + c;
      Vec slope[NV], scale[NV], shift[NV];
      PF_EACH(n, NV) {
        slope[n] = load(slopes + channel + n * LANES);
        scale[n] = load(source.scale + channel + n * LANES);
        shift[n] = load(source.shift + channel + n * LANES);
      }
      const S* x = source.x[b] + first * source.c + c;
      float* to = u + channel;
      for (int i = 0; i < count; ++i, x += step * source.c, to += C) {
        if (FETCH != NOTHING_MORE) __builtin_prefetch(x + CHUNK * source.c);
        if (FETCH == NEXT_CHUNK_AND_GRADIENT)
          __builtin_prefetch(source.gradient[b] + (first + i * step) * source.c + c, 1);
        PF_EACH(n, NV)
          store(to + n * LANES, prelu(load(x + n * LANES) * scale[n] + shift[n], slope[n]));
      }
    }
}

// The columns of a source, vector by vector.
template <class S>
static const Column<S>* list_columns(const Source<S>& source, Scratch& scratch) {
  const int C = source.planes * source.c;
  scratch.columns.resize(static_cast<size_t>(C / LANES) * sizeof(Column<S>));
  Column<S>* columns = reinterpret_cast<Column<S>*>(scratch.columns.data());
  for (int c = 0; c < C; c += LANES)
    columns[c / LANES] = {source.x[c / source.c] + c % source.c,
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
  for (int y = 0; y < H; ++y)
    activate<NOTHING_MORE>(source, (static_cast<long>(index) * H + y) * W, 1, W, slopes,
                           to + (y + pad) * pitch + pad * source.c);
}

// One vector of PReLU's gradient: returns that of the input, adds that of the slope.
PF_INLINE Vec prelu_backward(Vec x, Vec slope, Vec du, Vec& slope_gradient) {
  const auto below = x < 0.0f;
  slope_gradient += du * (Vec)((VecBits)x & (VecBits)below);
  return du * (below ? slope : splat(1.0f));
}

// The gradient of `activate` for `count` adjacent pixels from `first`.
template <class S>
static void activate_backward(const Source<S>& source, long first, int count, const float* slopes,
                              const float* du, bool adds, float* slope_gradients) {
  const int C = source.planes * source.c;
  for (int b = 0; b < source.planes; ++b)
    for (int c = 0; c < source.c; c += LANES) {
      const int channel = b * source.c + c;
      const Vec slope = load(slopes + channel), scale = load(source.scale + channel),
                shift = load(source.shift + channel);
      Vec sum = load(slope_gradients + channel);
      const S* x = source.x[b] + first * source.c + c;
      S* dx = source.gradient[b] + first * source.c + c;
      const float* from = du + channel;
      for (int i = 0; i < count; ++i, x += source.c, dx += source.c, from += C) {
        Vec g = prelu_backward(load(x) * scale + shift, slope, load(from), sum);
        if (adds) g += load(dx);
        store(dx, g);
      }
      store(slope_gradients + channel, sum);
    }
}

// dz of `columns` channels from `column` on, for `count` pixels from `first`, through BatchNorm.
template <class D>
static void normalise_backward(const Edge& edge, const D* z, const D* dy, long first, int count,
                               int column, int columns, float* dz) {
  constexpr int NV = CHANNEL_BLOCK / LANES;
  const int C = edge.spec.channels_out;
  for (int c = 0; c < columns; c += CHANNEL_BLOCK) {
    Vec a[NV], b[NV], k[NV];
    PF_EACH(n, NV) {
      a[n] = load(edge.from_dy.data() + column + c + n * LANES);
      b[n] = load(edge.from_z.data() + column + c + n * LANES);
      k[n] = load(edge.constant.data() + column + c + n * LANES);
    }
    const D* z_from = z + first * C + column + c;
    const D* dy_from = dy + first * C + column + c;
    float* to = dz + c;
    for (int i = 0; i < count; ++i, z_from += C, dy_from += C, to += columns) {
      __builtin_prefetch(z_from + CHUNK * C);
      __builtin_prefetch(dy_from + CHUNK * C);
      PF_EACH(n, NV)
        store(to + n * LANES,
              a[n] * load(dy_from + n * LANES) + (b[n] * load(z_from + n * LANES) + k[n]));
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
