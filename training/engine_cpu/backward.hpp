// The backward pass.
#pragma once

#include "engine.hpp"

namespace pocketface {

PF_INLINE void add_to(double* sums, Vec part) {
  float lanes[LANES];
  store(lanes, part);
  for (int j = 0; j < LANES; ++j) sums[j] += lanes[j];
}

// Adds the sums of dy and of dy times each product that ends in the state.
inline void Engine::sum_backward(int s, long first, long last, int thread) {
  const State& state = states_[s];
  const auto sum = [&](auto type) {
    using T = decltype(type);
    const T* dy = static_cast<const T*>(at(state.gradient, state, first));
    const T* z[2] = {dy, dy};  // a term without BatchNorm gives a sum that nobody reads
    for (size_t i = 0; i < state.producers.size(); ++i)
      if (edges_[state.producers[i]].normalised())
        z[i] = static_cast<const T*>(at(edges_[state.producers[i]].z, state, first));
    const int C = state.c;
    const long total = (last - first) * C;
    double* sums = sums_.data() + static_cast<size_t>(thread) * 3 * widest_;
    for (long begin = 0; begin < total; begin += CHUNK * C) {
      const long end = std::min(begin + CHUNK * C, total);
      for (int c = 0; c < C; c += LANES) {
        Vec s0 = Vec{}, s1 = Vec{}, s2 = Vec{};
        for (long i = begin + c; i < end; i += C) {
          __builtin_prefetch(z[0] + i + CHUNK * C);
          __builtin_prefetch(z[1] + i + CHUNK * C);
          const Vec g = load(dy + i);
          s0 += g;
          s1 += g * load(z[0] + i);
          s2 += g * load(z[1] + i);
        }
        add_to(sums + c, s0);
        add_to(sums + widest_ + c, s1);
        add_to(sums + 2 * widest_ + c, s2);
      }
    }
  };
  if (state.full)
    sum(float{});
  else
    sum(bf16{});
}

// The coefficients of BatchNorm's gradient for the product that is number `which` of its target.
inline void Engine::close_backward(Edge& edge, int which) {
  const int C = edge.spec.channels_out;
  const double count = static_cast<double>(n_) * edge.Ho * edge.Wo;
  for (int c = 0; c < C; ++c) {
    double dy = 0, dy_z = 0;
    for (int t = 0; t < threads_.count(); ++t) {
      const double* sums = sums_.data() + static_cast<size_t>(t) * 3 * widest_;
      dy += sums[c];
      dy_z += sums[(1 + which) * widest_ + c];
    }
    const double mean = edge.mean[c], deviation = edge.deviation[c];
    const double gamma_gradient = deviation * (dy_z - mean * dy);
    const double scale = parameters_[edge.spec.gamma][c] * deviation;
    const double from_z = -scale * deviation * gamma_gradient / count;
    edge.from_dy[c] = static_cast<float>(scale);
    edge.from_z[c] = static_cast<float>(from_z);
    edge.constant[c] = static_cast<float>(-scale * dy / count - from_z * mean);
    edge.gamma_gradient[c] = static_cast<float>(gamma_gradient);
    edge.beta_gradient[c] = static_cast<float>(dy);
  }
}

inline void Engine::run_backward(int s, long first, long last, int thread) {
  const State& state = states_[s];
  for (int e : state.consumers) {
    const Edge& edge = edges_[e];
    if (!edge.live) continue;
    const State& target = states_[edge.spec.target];
    with_types(state.full, target.full, [&](auto s_type, auto d_type) {
      using S = decltype(s_type);
      using D = decltype(d_type);
      const Source<S> source = source_of<S>(edge, first);
      const Piece piece(edge, first, last);
      const int images = piece.images;
      const D* dy = static_cast<const D*>(at(target.gradient, target, piece.target));
      if constexpr (std::is_same_v<S, D>)
        if (edge.spec.kind == SKIP) return skip_backward(edge, source, dy, last - first);
      const D* z = static_cast<const D*>(at(edge.z, target, piece.target));
      Scratch& scratch = scratch_[thread];
      float* gradients = gradients_[thread].data();
      if (edge.spec.kind == MAX || edge.spec.kind == AVERAGE)
        pool_backward(edge, source, z, dy, images, scratch, gradients);
      else if (edge.spec.kind == GLOBAL)
        global_backward(edge, source, z, dy, images, scratch, gradients);
      else if (edge.spec.k > 1)
        separable_backward(edge, source, z, dy, images, scratch, gradients);
      else
        pointwise_backward(edge, source, z, dy, last - first, scratch, gradients);
    });
  }
  sum_backward(s, first, last, thread);
}

inline void Engine::backward(const float* output_gradient, float* const* gradients) {
  if (h_ == 0) throw std::logic_error("backward before forward");
  for (auto& g : gradients_) std::fill(g.begin(), g.end(), 0.0f);
  std::copy_n(output_gradient, static_cast<size_t>(n_) * last().c,
              static_cast<float*>(last().gradient));
  for (int s = static_cast<int>(states_.size()) - 1; s >= 0; --s) {
    State& state = states_[s];
    if (!state.live) continue;
    std::fill(sums_.begin(), sums_.end(), 0.0);
    threads_.run([&](int thread) {
      FlushDenormals flush;
      for_units(state, thread,
                [&](long first, long last) { run_backward(s, first, last, thread); });
    });
    for (size_t i = 0; i < state.producers.size(); ++i)
      if (edges_[state.producers[i]].normalised())
        close_backward(edges_[state.producers[i]], static_cast<int>(i));
  }
  for (Edge& edge : edges_) {
    if (edge.spec.kind != STEM || !edge.live) continue;
    const State& target = states_[edge.spec.target];
    threads_.run([&](int thread) {
      FlushDenormals flush;
      int first, last;
      threads_.share(thread, n_, first, last);
      const long area = static_cast<long>(target.h) * target.w;
      with_types(target.full, target.full, [&](auto type, auto) {
        using D = decltype(type);
        stem_backward(edge, images_ + 3L * h_ * w_ * first,
                      static_cast<const D*>(at(edge.z, target, area * first)),
                      static_cast<const D*>(at(target.gradient, target, area * first)),
                      last - first, scratch_[thread], gradients_[thread].data());
      });
    });
  }
  for (size_t t = 1; t < gradients_.size(); ++t)
    for (size_t i = 0; i < gradient_count_; ++i) gradients_[0][i] += gradients_[t][i];
  for (const Edge& edge : edges_)
    if (edge.live && edge.normalised()) hand_over(edge, gradients);
}

}  // namespace pocketface
