// The forward pass.
#pragma once

#include "engine.hpp"

namespace pocketface {

// y = the sum of the two edges that end in the state.
inline void Engine::combine(const State& state, long first, long last) {
  const auto add = [&](auto type) {
    using T = decltype(type);
    struct Term {
      const T* x;
      const float *scale, *shift;
    } term[2];
    for (int i = 0; i < 2; ++i) {
      const Edge& edge = edges_[state.producers[i]];
      if (edge.spec.kind == NOTHING) {
        std::memset(at(state.y, state, first), 0,
                    static_cast<size_t>(last - first) * state.c * sizeof(T));
        term[i] = {static_cast<const T*>(at(state.y, state, first)), zeros_.data(), zeros_.data()};
      } else if (edge.normalised()) {
        term[i] = {static_cast<const T*>(at(edge.z, state, first)), edge.scale.data(),
                   edge.shift.data()};
      } else {
        const Source<T> source = source_of<T>(edge, first);
        term[i] = {source.x[0], source.scale, source.shift};
      }
    }
    T* y = static_cast<T*>(at(state.y, state, first));
    const int C = state.c;
    const long end = (last - first) * C;
    for (long begin = 0; begin < end; begin += CHUNK * C)
      for (int c = 0; c < C; c += LANES) {
        const Vec a = load(term[0].scale + c), b = load(term[1].scale + c);
        const Vec constant = load(term[0].shift + c) + load(term[1].shift + c);
        for (long i = begin + c; i < std::min(begin + CHUNK * C, end); i += C) {
          __builtin_prefetch(term[0].x + i + CHUNK * C);
          __builtin_prefetch(term[1].x + i + CHUNK * C);
          store(y + i, load(term[0].x + i) * a + (load(term[1].x + i) * b + constant));
        }
      }
  };
  if (state.full)
    add(float{});
  else
    add(bf16{});
}

inline void Engine::run_forward(int s, long first, long last, int thread) {
  const State& state = states_[s];
  if (!state.is_virtual) combine(state, first, last);
  for (int e : state.consumers) {
    const Edge& edge = edges_[e];
    const State& target = states_[edge.spec.target];
    if (!edge.normalised()) continue;
    with_types(state.full, target.full, [&](auto s_type, auto d_type) {
      using S = decltype(s_type);
      using D = decltype(d_type);
      const Source<S> source = source_of<S>(edge, first);
      const Piece piece(edge, first, last);
      D* z = static_cast<D*>(at(edge.z, target, piece.target));
      if (edge.spec.kind == MAX || edge.spec.kind == AVERAGE)
        pool_forward(edge, source, z, piece.images, scratch_[thread], totals(e, thread));
      else if (edge.spec.kind == GLOBAL)
        global_forward(edge, source, z, piece.images, scratch_[thread], totals(e, thread));
      else if (edge.spec.k > 1)
        separable_forward(edge, source, z, piece.images, scratch_[thread], totals(e, thread));
      else
        pointwise_forward(edge, source, z, last - first, scratch_[thread], totals(e, thread));
    });
  }
}

// BatchNorm's statistics of one edge, from the sums of all threads.
inline void Engine::close_forward(Edge& edge) {
  const EdgeSpec& spec = edge.spec;
  const int C = spec.channels_out, index = static_cast<int>(&edge - edges_.data());
  const double count = static_cast<double>(n_) * edge.Ho * edge.Wo;
  for (int c = 0; c < C; ++c) {
    double sum = 0, square = 0;
    for (int t = 0; t < threads_.count(); ++t) {
      sum += totals(index, t)[c];
      square += totals(index, t)[C + c];
    }
    const double mean = sum / count, variance = std::max(0.0, square / count - mean * mean);
    edge.mean[c] = mean;
    edge.deviation[c] = 1.0 / std::sqrt(variance + spec.epsilon);
    const double scale = parameters_[spec.gamma][c] * edge.deviation[c];
    edge.scale[c] = static_cast<float>(scale);
    edge.shift[c] = static_cast<float>(parameters_[spec.beta][c] - mean * scale);
    float& running_mean = parameters_[spec.mean][c];
    float& running_variance = parameters_[spec.variance][c];
    running_mean += spec.momentum * (static_cast<float>(mean) - running_mean);
    running_variance +=
        spec.momentum * (static_cast<float>(variance * count / (count - 1)) - running_variance);
  }
}

inline void Engine::forward(const float* images, int n, int h, int w, float* const* parameters,
                            float* output) {
  resize(n, h, w);
  images_ = images;
  parameters_ = parameters;
  std::fill(totals_.begin(), totals_.end(), 0.0);
  for (Edge& edge : edges_)
    if (edge.normalised()) prepare(edge);
  for (size_t e = 0; e < edges_.size(); ++e) {
    Edge& edge = edges_[e];
    if (edge.spec.kind != STEM) continue;
    const State& target = states_[edge.spec.target];
    threads_.run([&](int thread) {
      FlushDenormals flush;
      int first, last;
      threads_.share(thread, n_, first, last);
      const long area = static_cast<long>(target.h) * target.w;
      with_types(target.full, target.full, [&](auto type, auto) {
        using D = decltype(type);
        stem_forward(edge, images_ + 3L * h_ * w_ * first,
                     static_cast<D*>(at(edge.z, target, area * first)), last - first,
                     scratch_[thread], totals(static_cast<int>(e), thread));
      });
    });
    close_forward(edge);
  }
  for (size_t s = 0; s < states_.size(); ++s) {
    if (states_[s].is_virtual && states_[s].consumers.empty()) continue;
    threads_.run([&](int thread) {
      FlushDenormals flush;
      for_units(states_[s], thread, [&](long first, long last) {
        run_forward(static_cast<int>(s), first, last, thread);
      });
    });
    for (int e : states_[s].consumers)
      if (edges_[e].normalised()) close_forward(edges_[e]);
  }
  const Edge& edge = edges_[last().producers[0]];
  const float* z = static_cast<const float*>(edge.z);
  for (long i = 0; i < static_cast<long>(n_) * last().c; ++i)
    output[i] = z[i] * edge.scale[i % last().c] + edge.shift[i % last().c];
}

}  // namespace pocketface
