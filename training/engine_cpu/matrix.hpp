// The two matrix products of a pointwise convolution, for many pixels and few channels.
//
// A weight matrix is packed once a step into panels, [N / (16 NV)][K][NV vectors], so that the
// inner loop reads it in order. The accumulators of a tile of pixels never leave registers; an
// epilogue takes them from there (statistics, PReLU's gradient), so that a product is not stored
// only to be read again.
#pragma once

#include <type_traits>

#include "vector.hpp"

namespace pocketface {

// Pixels of one tile: with two vectors of channels and the operands, all registers are in use.
constexpr int TILE = LANES == 16 ? 12 : 6;
// As many rows are two tiles of four: two alone would wait for their own sums.
constexpr int PAIR = 8;

// Calls work with the vectors per panel: 16 channels on 8 lanes; on 16 lanes 32 channels where they
// divide evenly.
template <class Work>
PF_INLINE void with_panel(int columns, const Work& work) {
  if constexpr (LANES == 8) {
    work(std::integral_constant<int, 2>{});
  } else if (columns % (2 * LANES) == 0) {
    work(std::integral_constant<int, 2>{});
  } else {
    work(std::integral_constant<int, 1>{});
  }
}

// element(k, n) of a K x N matrix lies at from[k * step_k + n * step_n].
static inline void pack(const float* from, long step_k, long step_n, int K, int N, float* to) {
  with_panel(N, [&](auto vectors) {
    constexpr int WIDTH = decltype(vectors)::value * LANES;
    for (int n = 0; n < N; n += WIDTH)
      for (int k = 0; k < K; ++k)
        for (int j = 0; j < WIDTH; ++j) *to++ = from[k * step_k + (n + j) * step_n];
  });
}

template <int ROWS, int NV, class Epilogue>
PF_INLINE void product_tile(const float* __restrict x, long ldx, const float* __restrict w, int K,
                            int row, int column, Epilogue epilogue) {
  Vec sum[ROWS][NV];
  PF_EACH(m, ROWS)
    PF_EACH(n, NV) sum[m][n] = Vec{};
  for (int k = 0; k < K; ++k) {
    Vec panel[NV];
    PF_EACH(n, NV) panel[n] = load(w + (k * NV + n) * LANES);
    PF_EACH(m, ROWS) {
      const Vec value = splat(x[m * ldx + k]);
      PF_EACH(n, NV) sum[m][n] += value * panel[n];
    }
  }
  epilogue.template take<ROWS, NV>(row, column, sum);
}

template <int NV, class Epilogue>
PF_APART void product_panels(const float* x, long ldx, const float* packed, int K, int N, int rows,
                           Epilogue epilogue) {
  for (int n = 0; n < N; n += NV * LANES, packed += static_cast<long>(K) * NV * LANES) {
    int m = 0;
    for (; m + TILE <= rows && rows - m != PAIR; m += TILE)
      product_tile<TILE, NV>(x + m * ldx, ldx, packed, K, m, n, epilogue);
    for (; m + 4 <= rows; m += 4) product_tile<4, NV>(x + m * ldx, ldx, packed, K, m, n, epilogue);
    for (; m + 2 <= rows; m += 2) product_tile<2, NV>(x + m * ldx, ldx, packed, K, m, n, epilogue);
    if (m < rows) product_tile<1, NV>(x + m * ldx, ldx, packed, K, m, n, epilogue);
  }
}

// y[rows][N] = x[rows][K] * w[K][N]; the epilogue receives y tile by tile.
template <class Epilogue>
static void product(const float* x, long ldx, const float* packed, int K, int N, int rows,
                    Epilogue epilogue) {
  with_panel(N, [&](auto vectors) {
    product_panels<decltype(vectors)::value>(x, ldx, packed, K, N, rows, epilogue);
  });
}

template <int ROWS, int NV>
PF_INLINE void outer_tile(const float* __restrict a, long lda, const float* __restrict b, long ldb,
                          int P, float* __restrict d, long ldd) {
  Vec sum[ROWS][NV];
  PF_EACH(m, ROWS)
    PF_EACH(n, NV) sum[m][n] = load(d + m * ldd + n * LANES);
  int p = 0;
  do {  // P is at least 1; testing that first makes the compiler store all sums twice
    Vec row[NV];
    PF_EACH(n, NV) row[n] = load(b + p * ldb + n * LANES);
    PF_EACH(m, ROWS) {
      const Vec value = splat(a[p * lda + m]);
      PF_EACH(n, NV) sum[m][n] += value * row[n];
    }
  } while (++p < P);
  PF_EACH(m, ROWS)
    PF_EACH(n, NV) store(d + m * ldd + n * LANES, sum[m][n]);
}

template <int NV>
PF_APART void outer_columns(const float* a, long lda, int M, const float* b, long ldb, int N, int P,
                          float* d) {
  for (int n = 0; n < N; n += NV * LANES) {
    float* to = d + n;
    int m = 0;
    for (; m + TILE <= M && M - m != PAIR; m += TILE, to += static_cast<long>(TILE) * N)
      outer_tile<TILE, NV>(a + m, lda, b + n, ldb, P, to, N);
    for (; m + 4 <= M; m += 4, to += 4L * N) outer_tile<4, NV>(a + m, lda, b + n, ldb, P, to, N);
    for (; m + 2 <= M; m += 2, to += 2L * N) outer_tile<2, NV>(a + m, lda, b + n, ldb, P, to, N);
  }
}

// d[M][N] += a[P][M]^T * b[P][N]; M even, N a multiple of 16.
static inline void outer(const float* a, long lda, int M, const float* b, long ldb, int N, int P,
                         float* d) {
  with_panel(N, [&](auto vectors) {
    outer_columns<decltype(vectors)::value>(a, lda, M, b, ldb, N, P, d);
  });
}

}  // namespace pocketface
