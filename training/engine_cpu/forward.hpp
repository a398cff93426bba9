// The forward pass.
#pragma once

#include "engine.hpp"

namespace pocketface {

// One addend of a state: scale * x + shift, per channel.
template <class T>
struct Term {
  const T* x;
  const float *scale, *shift;
};

// y = a + b, for `count` pixels of C channels; y may be what a or b reads.
template <class T>
static void add_terms(Term<T> a, Term<T> b, long count, int C, T* y) {
  for (int c = 0; c < C; c += CHANNEL_BLOCK) {
    const Block p = load_block(a.scale + c), q = load_block(b.scale + c);
    Block constant = load_block(a.shift + c);
    const Block shift = load_block(b.shift + c);
    PF_EACH(n, BLOCK_VECTORS) constant.v[n] += shift.v[n];
    const T *one = a.x + c, *other = b.x + c;
    T* to = y + c;
    for (long i = 0; i < count; ++i, one += C, other += C, to += C) {
      __builtin_prefetch(one + CHUNK * C);
      __builtin_prefetch(other + CHUNK * C);
      Block sum = load_block(one);
      const Block second = load_block(other);
      PF_EACH(n, BLOCK_VECTORS)
        sum.v[n] = sum.v[n] * p.v[n] + (second.v[n] * q.v[n] + constant.v[n]);
      store_block(to, sum);
    }
  }
}

// y = the sum of all edges that end in the state.
inline void Engine::combine(const State& state, long first, long last) {
  const auto add = [&](auto type) {
    using T = decltype(type);
    const int C = state.c;
    T* y = static_cast<T*>(at(state.y, state, first));
    const T* own = y;
    Term<T> terms[MAX_PRODUCERS + 2];
    size_t count = 0;
    for (int e : state.producers) {
      const Edge& edge = edges_[e];
      if (edge.spec.kind == NOTHING) continue;
      const T* x = edge.normalised() ? static_cast<const T*>(at(edge.z, state, first))
                                     : source_of<T>(edge.spec.source, 1, first).x[0];
      terms[count++] = {x, edge.scale.data(), edge.shift.data()};
    }
    // Two at least: zero times what lies there, which has to be a number.
    if (count < 2) std::memset(y, 0, static_cast<size_t>(last - first) * C * sizeof(T));
    while (count < 2) terms[count++] = {own, zeros_.data(), zeros_.data()};
    for (long p = 0; p < last - first; p += CHUNK) {
      const long pixels = std::min<long>(CHUNK, last - first - p);
      const auto from = [p, C](Term<T> term) {
        return Term<T>{term.x + p * C, term.scale, term.shift};
      };
      add_terms(from(terms[0]), from(terms[1]), pixels, C, y + p * C);
      for (size_t i = 2; i < count; ++i)
        add_terms(from({own, ones_.data(), zeros_.data()}), from(terms[i]), pixels, C, y + p * C);
    }
  };
  if (state.full)
    add(float{});
  else
    add(bf16{});
}

inline void Engine::run_forward(const State& state, long first, long last, int share, int thread) {
  if (!state.is_virtual) combine(state, first, last);
  for (int e : state.consumers) {
    const Edge& edge = edges_[e];
    const State& target = states_[edge.spec.target];
    if (!edge.normalised()) continue;
    with_types(state.full, target.full, [&](auto s_type, auto d_type) {
      using S = decltype(s_type);
      using D = decltype(d_type);
      const Source<S> source = source_of<S>(edge.spec.source, edge.spec.planes, first);
      const Piece piece(edge, first, last);
      D* z = static_cast<D*>(at(edge.z, target, piece.target));
      Scratch& scratch = scratch_[thread];
      double* sums = totals(edge, share);
      if (edge.spec.kind == MAX || edge.spec.kind == AVERAGE)
        pool_forward(edge, source, z, piece.images, scratch, sums);
      else if (edge.spec.kind == GLOBAL)
        global_forward(edge, source, z, piece.images, scratch, sums);
      else if (edge.spec.k > 1)
        separable_forward(edge, source, z, piece.images, scratch, sums);
      else
        pointwise_forward(edge, source, z, last - first, scratch, sums);
    });
  }
}

// BatchNorm's statistics of one edge, from the sums of all shares.
inline void Engine::close_forward(Edge& edge) {
  const EdgeSpec& spec = edge.spec;
  const int C = spec.channels_out;
  const double count = static_cast<double>(n_) * edge.Ho * edge.Wo;
  for (int c = 0; c < C; ++c) {
    double sum = 0, square = 0;
    for (int share = 0; share < shares_; ++share) {
      sum += totals(edge, share)[c];
      square += totals(edge, share)[C + c];
    }
    const double mean = sum / count, variance = std::max(0.0, square / count - mean * mean);
    edge.mean[c] = mean;
    edge.deviation[c] = 1.0 / std::sqrt(variance + spec.epsilon);
    const double scale = parameters_[spec.gamma][c] * edge.deviation[c];
    const float beta = spec.beta == ABSENT ? 0.0f : parameters_[spec.beta][c];
    edge.scale[c] = static_cast<float>(scale);
    edge.shift[c] = static_cast<float>(beta - mean * scale);
    if (spec.mean == ABSENT) continue;
    float& running_mean = parameters_[spec.mean][c];
    float& running_variance = parameters_[spec.variance][c];
    running_mean += spec.momentum * (static_cast<float>(mean) - running_mean);
    running_variance +=
        spec.momentum * (static_cast<float>(variance * count / (count - 1)) - running_variance);
  }
}

// How an edge without BatchNorm adds its source to its target.
inline void Engine::pass_on(Edge& edge) {
  if (edge.spec.kind == NOTHING) return;
  const Source<float> source = source_of<float>(edge.spec.source, 1, 0);
  for (int c = 0; c < edge.spec.channels_out; ++c) {
    const float factor = edge.spec.kind == SCALED ? parameters_[edge.spec.gamma][c] : 1.0f;
    edge.scale[c] = factor * source.scale[c];
    edge.shift[c] = factor * source.shift[c];
  }
}

inline void Engine::run_stem(Edge& edge) {
  const State& target = states_[edge.spec.target];
  const long area = static_cast<long>(target.h) * target.w;
  threads_.each(shares_, [&](int share, int thread) {
    FlushDenormals flush;
    const int first = first_image(share), last = first_image(share + 1);
    double* sums = totals(edge, share);
    std::fill_n(sums, 2 * edge.spec.channels_out, 0.0);
    with_types(target.full, target.full, [&](auto type, auto) {
      using D = decltype(type);
      stem_forward(edge, images_ + 3L * h_ * w_ * first,
                   static_cast<D*>(at(edge.z, target, area * first)), last - first,
                   scratch_[thread], sums);
    });
  });
  close_forward(edge);
}

inline void Engine::forward(const float* images, int n, int h, int w, float* const* parameters,
                            float* output) {
  resize(n, h, w);
  images_ = images;
  parameters_ = parameters;
  threads_.each(static_cast<int>(edges_.size()), [&](int e, int) {
    if (edges_[e].normalised()) prepare(edges_[e]);
  });
  for (int e : stems_) run_stem(edges_[e]);
  for (const State& state : states_) {
    if (state.is_virtual && state.consumers.empty()) continue;
    threads_.each(shares_, [&](int share, int thread) {
      FlushDenormals flush;
      std::fill_n(totals_.data() + share * totals_size_, state.totals_count, 0.0);
      for_units(state, share, [&](long first, long last) {
        run_forward(state, first, last, share, thread);
      });
    });
    for (int e : state.consumers)
      if (edges_[e].normalised())
        close_forward(edges_[e]);
      else
        pass_on(edges_[e]);
  }
  const Edge& edge = edges_[last().producers[0]];
  const float* z = static_cast<const float*>(edge.z);
  for (long i = 0; i < static_cast<long>(n_) * last().c; ++i)
    output[i] = z[i] * edge.scale[i % last().c] + edge.shift[i % last().c];
}

// Copies adjacent states of the last forward pass, as one map in float.
inline void Engine::read_map(int first, int planes, float* to) {
  if (h_ == 0) throw std::logic_error("a map is read before forward");
  const int c = states_[first].c, pitch = planes * c;
  const long area = static_cast<long>(states_[first].h) * states_[first].w;
  threads_.each(shares_, [&](int share, int) {
    const long begin = first_image(share) * area, end = first_image(share + 1) * area;
    for (int plane = 0; plane < planes; ++plane) {
      const auto copy = [&](auto type) {
        using T = decltype(type);
        const Source<T> source = source_of<T>(first + plane, 1, 0);
        for (long p = begin; p < end; ++p)
          for (int i = 0; i < c; i += CHANNEL_BLOCK) {
            const Block value = load_block(source.x[0] + p * c + i);
            float* at = to + p * pitch + plane * c + i;
            PF_EACH(n, BLOCK_VECTORS)
              store(at + n * LANES, value.v[n] * load(source.scale + i + n * LANES) +
                                        load(source.shift + i + n * LANES));
          }
      };
      if (states_[first + plane].full)
        copy(float{});
      else
        copy(bf16{});
    }
  });
}

}  // namespace pocketface
