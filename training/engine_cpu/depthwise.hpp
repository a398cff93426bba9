// Depthwise k x k convolutions over one padded image in NHWC, and the gradient of their weights.
//
// The input's gradient needs no kernel of its own: it is the same convolution over the padded
// (for stride 2: zero-spread) output gradient with the weights turned by half a turn.
#pragma once

#include "vector.hpp"

namespace pocketface {

constexpr int MAX_RUN = 8;  // output pixels held in registers at once

// One output row: u[x][c] = sum over taps of padded[ty][x * STRIDE + tx][c] * w[ty * K + tx][c].
// RUN divides the row into overlapping runs, so any width from RUN up is served.
template <int K, int STRIDE, int RUN>
static void depthwise_row(const float* __restrict padded, long pitch, int C,
                          const float* __restrict w, float* __restrict u, int width) {
  for (int c = 0; c < C; c += LANES) {
    for (int from = 0; from < width; from += RUN) {
      const int x0 = from + RUN <= width ? from : width - RUN;
      Vec sum[RUN];
      PF_EACH(i, RUN) sum[i] = Vec{};
      for (int ty = 0; ty < K; ++ty) {
        const float* row = padded + ty * pitch + static_cast<long>(x0) * STRIDE * C + c;
        Vec tap[K];
        PF_EACH(t, K) tap[t] = load(w + (ty * K + t) * C + c);
        PF_EACH(j, (RUN - 1) * STRIDE + K) {
          Vec value = load(row + static_cast<long>(j) * C);
          if (K == 3) hold(value);
          PF_EACH(t, K)
            if (j >= t && (j - t) % STRIDE == 0 && (j - t) / STRIDE < RUN)
              sum[(j - t) / STRIDE] += value * tap[t];
        }
      }
      PF_EACH(i, RUN) store(u + static_cast<long>(x0 + i) * C + c, sum[i]);
    }
  }
}

typedef void (*DepthwiseRow)(const float*, long, int, const float*, float*, int);

template <int K, int STRIDE>
static DepthwiseRow depthwise_row_of_run(int run) {
  switch (run) {
    case 1:
      return depthwise_row<K, STRIDE, 1>;
    case 2:
      return depthwise_row<K, STRIDE, 2>;
    case 3:
      return depthwise_row<K, STRIDE, 3>;
    case 4:
      return depthwise_row<K, STRIDE, 4>;
    case 5:
      return depthwise_row<K, STRIDE, 5>;
    case 6:
      return depthwise_row<K, STRIDE, 6>;
    case 7:
      return depthwise_row<K, STRIDE, 7>;
    default:
      return depthwise_row<K, STRIDE, 8>;
  }
}

// The kernel for a k of 3, 5 or 7 whose runs cover `width` with the least overlap.
static inline DepthwiseRow choose_depthwise_row(int k, int stride, int width) {
  const int runs = (width + MAX_RUN - 1) / MAX_RUN;
  const int run = (width + runs - 1) / runs;
  if (stride == 1) {
    if (k == 3) return depthwise_row_of_run<3, 1>(run);
    return k == 5 ? depthwise_row_of_run<5, 1>(run) : depthwise_row_of_run<7, 1>(run);
  }
  if (k == 3) return depthwise_row_of_run<3, 2>(run);
  return k == 5 ? depthwise_row_of_run<5, 2>(run) : depthwise_row_of_run<7, 2>(run);
}

template <int K, int STRIDE, int ROWS>
PF_INLINE void weight_taps(const float* __restrict padded, long pitch, long C,
                           const float* __restrict du, float* __restrict grad, int width) {
  Vec sum[ROWS * K];
  PF_EACH(t, ROWS * K) sum[t] = load(grad + t * C);
  for (int x = 0; x < width; ++x) {
    const Vec slope = load(du);
    PF_EACH(r, ROWS)
      PF_EACH(t, K) sum[r * K + t] += load(padded + r * pitch + t * C) * slope;
    du += STRIDE * C;
    padded += STRIDE * C;
  }
  PF_EACH(t, ROWS * K) store(grad + t * C, sum[t]);
}

// grad[ty * K + tx][c] += sum over x of padded[ty][x * STRIDE + tx][c] * du[x * STRIDE][c], for one
// output row; as many filter rows at once as their sums fit in registers.
template <int K, int STRIDE>
static void depthwise_weight_row(const float* padded, long pitch, int C, const float* du,
                                 float* grad, int width) {
  constexpr int ROWS = K == 3 ? 3 : (K == 5 ? 2 : 1);
  for (int c = 0; c < C; c += LANES) {
    int ty = 0;
    for (; ty + ROWS <= K; ty += ROWS)
      weight_taps<K, STRIDE, ROWS>(padded + ty * pitch + c, pitch, C, du + c,
                                   grad + static_cast<long>(ty) * K * C + c, width);
    for (; ty < K; ++ty)
      weight_taps<K, STRIDE, 1>(padded + ty * pitch + c, pitch, C, du + c,
                                grad + static_cast<long>(ty) * K * C + c, width);
  }
}

typedef void (*DepthwiseWeightRow)(const float*, long, int, const float*, float*, int);

static inline DepthwiseWeightRow choose_depthwise_weight_row(int k, int stride) {
  if (stride == 1) {
    if (k == 3) return depthwise_weight_row<3, 1>;
    return k == 5 ? depthwise_weight_row<5, 1> : depthwise_weight_row<7, 1>;
  }
  if (k == 3) return depthwise_weight_row<3, 2>;
  return k == 5 ? depthwise_weight_row<5, 2> : depthwise_weight_row<7, 2>;
}

}  // namespace pocketface
