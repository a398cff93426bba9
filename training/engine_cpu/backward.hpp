// The backward pass.
#pragma once

#include "engine.hpp"

namespace pocketface {

PF_INLINE void add_to(double* sums, Block part) {
  float channels[CHANNEL_BLOCK];
  store_block(channels, part);
  for (int j = 0; j < CHANNEL_BLOCK; ++j) sums[j] += channels[j];
}

// Adds the gradient that comes from outside.
inline void Engine::add_outside(const State& state, long first, long last) {
  const auto add = [&](auto type) {
    using T = decltype(type);
    T* dy = static_cast<T*>(at(state.gradient, state, first));
    const float* from = state.outside + first * state.outside_pitch;
    for (long p = first; p < last; ++p, dy += state.c, from += state.outside_pitch)
      for (int c = 0; c < state.c; c += CHANNEL_BLOCK) {
        Block sum = load_block(dy + c);
        PF_EACH(n, BLOCK_VECTORS) sum.v[n] += load(from + c + n * LANES);
        store_block(dy + c, sum);
      }
  };
  if (state.full)
    add(float{});
  else
    add(bf16{});
}

// Adds, for `count` pixels of C channels, the sums of dy (where `own` is not null) and of dy times
// each of TERMS maps.
template <int TERMS, class T>
static void sum_products(const T* dy, const T* const* x, long count, int C, double* own,
                         double* const* sums) {
  for (int c = 0; c < C; c += CHANNEL_BLOCK) {
    Block plain = {}, product[TERMS] = {};
    for (long i = c; i < count * C; i += C) {
      const Block g = load_block(dy + i);
      PF_EACH(n, BLOCK_VECTORS) plain.v[n] += g.v[n];
      PF_EACH(t, TERMS) {
        __builtin_prefetch(x[t] + i + CHUNK * C);
        const Block value = load_block(x[t] + i);
        PF_EACH(n, BLOCK_VECTORS) product[t].v[n] += g.v[n] * value.v[n];
      }
    }
    if (own != nullptr) add_to(own + c, plain);
    PF_EACH(t, TERMS) add_to(sums[t] + c, product[t]);
  }
}

// Adds the sums of dy and of dy times each map that is normalised or scaled into the state.
inline void Engine::sum_backward(const State& state, long first, long last, double* sums) {
  const auto sum = [&](auto type) {
    using T = decltype(type);
    const int C = state.c;
    const T* dy = static_cast<const T*>(at(state.gradient, state, first));
    const T* x[MAX_PRODUCERS];
    int terms = 0;
    for (int e : state.producers) {
      const Edge& edge = edges_[e];
      if (edge.which_sum < 0) continue;
      x[terms++] = edge.normalised() ? static_cast<const T*>(at(edge.z, state, first))
                                     : source_of<T>(edge.spec.source, 1, first).x[0];
    }
    for (long p = 0; p < last - first; p += CHUNK) {
      const long count = std::min<long>(CHUNK, last - first - p);
      for (int i = 0; i < terms; i += 2) {
        const bool two = i + 1 < terms;
        const T* const maps[2] = {x[i] + p * C, two ? x[i + 1] + p * C : nullptr};
        double* const to[2] = {sums + (1 + i) * C, sums + (2 + i) * C};
        double* own = i == 0 ? sums : nullptr;
        if (two)
          sum_products<2>(dy + p * C, maps, count, C, own, to);
        else
          sum_products<1>(dy + p * C, maps, count, C, own, to);
      }
    }
  };
  if (state.full)
    sum(float{});
  else
    sum(bf16{});
}

// The coefficients of BatchNorm's gradient, and the gradients of its parameters or of a factor.
inline void Engine::close_backward(Edge& edge) {
  const int C = edge.spec.channels_out;
  const double count = static_cast<double>(n_) * edge.Ho * edge.Wo;
  const bool normalised = edge.normalised();
  const Source<float> source =
      normalised ? Source<float>{} : source_of<float>(edge.spec.source, 1, 0);
  for (int c = 0; c < C; ++c) {
    double dy = 0, dy_x = 0;
    for (int share = 0; share < shares_; ++share) {
      dy += sums(share)[c];
      dy_x += sums(share)[(1 + edge.which_sum) * C + c];
    }
    if (!normalised) {
      edge.gamma_gradient[c] = static_cast<float>(source.scale[c] * dy_x + source.shift[c] * dy);
      continue;
    }
    const double mean = edge.mean[c], deviation = edge.deviation[c];
    const double gamma_gradient = deviation * (dy_x - mean * dy);
    const double scale = parameters_[edge.spec.gamma][c] * deviation;
    const double from_z = -scale * deviation * gamma_gradient / count;
    edge.from_dy[c] = static_cast<float>(scale);
    edge.from_z[c] = static_cast<float>(from_z);
    edge.constant[c] = static_cast<float>(-scale * dy / count - from_z * mean);
    edge.gamma_gradient[c] = static_cast<float>(gamma_gradient);
    edge.beta_gradient[c] = static_cast<float>(dy);
  }
}

inline void Engine::run_backward(const State& state, long first, long last, float* gradients,
                                 double* sums, int thread) {
  for (int e : state.consumers) {
    const Edge& edge = edges_[e];
    if (!edge.live) continue;
    const State& target = states_[edge.spec.target];
    with_types(state.full, target.full, [&](auto s_type, auto d_type) {
      using S = decltype(s_type);
      using D = decltype(d_type);
      const Source<S> source = source_of<S>(edge.spec.source, edge.spec.planes, first);
      const Piece piece(edge, first, last);
      const int images = piece.images;
      const D* dy = static_cast<const D*>(at(target.gradient, target, piece.target));
      if constexpr (std::is_same_v<S, D>)
        if (!edge.normalised())
          return skip_backward(
              edge, source, dy, last - first,
              edge.spec.kind == SCALED ? parameters_[edge.spec.gamma] : nullptr);
      const D* z = static_cast<const D*>(at(edge.z, target, piece.target));
      Scratch& scratch = scratch_[thread];
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
  if (state.outside != nullptr) add_outside(state, first, last);
  sum_backward(state, first, last, sums);
}

inline void Engine::backward(const float* output_gradient, const OutsideSpec* outside,
                             int outside_count, float* const* gradients) {
  if (h_ == 0) throw std::logic_error("backward before forward");
  for (State& state : states_) state.outside = nullptr;
  for (int i = 0; i < outside_count; ++i)
    for (int plane = 0; plane < outside[i].planes; ++plane) {
      State& state = states_[outside[i].first + plane];
      state.outside = outside[i].gradient + plane * state.c;
      state.outside_pitch = outside[i].planes * state.c;
    }
  std::copy_n(output_gradient, static_cast<size_t>(n_) * last().c,
              static_cast<float*>(last().gradient));
  const std::vector<int>* ready = nullptr;  // edges whose gradients lie in the set before this one
  size_t ready_count = 0;
  int set = 0;
  // One pass over all shares; besides, the gradients of the pass before are added up.
  const auto pass = [&](const std::vector<int>& edges, size_t count, const auto& work) {
    threads_.each(shares_ + 1, [&](int job, int thread) {
      FlushDenormals flush;
      if (job == 0) {
        if (ready != nullptr) hand_over(*ready, ready_count, 1 - set, gradients);
        return;
      }
      std::fill_n(this->gradients(set, job - 1), count, 0.0f);
      work(job - 1, thread, this->gradients(set, job - 1));
    });
    ready = &edges;
    ready_count = count;
    set = 1 - set;
  };
  for (int s = static_cast<int>(states_.size()) - 1; s >= 0; --s) {
    const State& state = states_[s];
    if (!state.live) continue;
    pass(state.consumers, state.gradient_count, [&](int share, int thread, float* own) {
      std::fill_n(sums(share), (1 + state.sum_count) * state.c, 0.0);
      for_units(state, share, [&](long first, long last) {
        run_backward(state, first, last, own, sums(share), thread);
      });
    });
    for (int e : state.producers)
      if (edges_[e].which_sum >= 0) close_backward(edges_[e]);
  }
  pass(stems_, stem_gradient_count_, [&](int share, int thread, float* own) {
    for (int e : stems_) {
      const Edge& edge = edges_[e];
      const State& target = states_[edge.spec.target];
      if (!edge.live) continue;
      const int first = first_image(share), last = first_image(share + 1);
      const long area = static_cast<long>(target.h) * target.w;
      with_types(target.full, target.full, [&](auto type, auto) {
        using D = decltype(type);
        stem_backward(edge, images_ + 3L * h_ * w_ * first,
                      static_cast<const D*>(at(edge.z, target, area * first)),
                      static_cast<const D*>(at(target.gradient, target, area * first)),
                      last - first, scratch_[thread], own);
      });
    }
  });
  hand_over(stems_, stem_gradient_count_, 1 - set, gradients);
}

}  // namespace pocketface
