// What is decided before a step: which edges matter, and where maps and gradients lie in memory.
#pragma once

#include "engine.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pocketface {

inline void* Buffer::reserve(size_t bytes) {
  if (bytes <= bytes_) return memory_;
  constexpr size_t PAGE = 1 << 21;  // whole huge pages for what is large, a cache line for the rest
  const size_t grain = bytes >= PAGE ? PAGE : 64;
  std::free(memory_);
  bytes_ = (bytes + grain - 1) / grain * grain;
  memory_ = std::aligned_alloc(grain, bytes_);
  if (memory_ == nullptr) {
    bytes_ = 0;
    throw std::bad_alloc();
  }
#if defined(__linux__)
  if (grain == PAGE) madvise(memory_, bytes_, MADV_HUGEPAGE);
#endif
  return memory_;
}

inline void Engine::add_edge(const EdgeSpec& spec, int index) {
  Edge edge;
  edge.spec = spec;
  State& target = states_[spec.target];
  target.producers.push_back(index);
  target.c = spec.channels_out;
  target.full = full_ || spec.full_precision;
  if (spec.kind == STEM)
    stems_.push_back(index);
  else
    states_[spec.source + spec.planes - 1].consumers.push_back(index);
  if (spec.kind == STEM || spec.kind == SEPARABLE || spec.kind == REDUCE) {
    const int parts = spec.kind == REDUCE ? 2 : 1;
    for (int i = 0; i < parts; ++i) {
      Branch branch;
      branch.offset = i;
      branch.columns = spec.channels_out / parts;
      branch.column = i * branch.columns;
      edge.branches.push_back(std::move(branch));
    }
  }
  const size_t co = spec.channels_out;
  for (auto* v : {&edge.mean, &edge.deviation}) v->resize(co);
  for (auto* v : {&edge.scale, &edge.shift, &edge.from_dy, &edge.from_z, &edge.constant,
                  &edge.gamma_gradient, &edge.beta_gradient})
    v->resize(co);
  edges_.push_back(std::move(edge));
}

// What no path joins to the output receives no gradient, as in autograd.
inline void Engine::mark_live() {
  states_.back().live = true;
  for (int s = static_cast<int>(states_.size()) - 1; s >= 0; --s)
    for (int e : states_[s].producers) {
      Edge& edge = edges_[e];
      edge.live = states_[s].live;
      if (edge.spec.kind == NOTHING) edge.live = false;
      if (!edge.live || edge.spec.kind == STEM) continue;
      for (int p = 0; p < edge.spec.planes; ++p) states_[edge.spec.source + p].live = true;
    }
  // The first edge to run backward writes the gradient of its source, the others add to it.
  std::vector<bool> written(states_.size(), false);
  for (int s = static_cast<int>(states_.size()) - 1; s >= 0; --s)
    for (int e : states_[s].consumers) {
      Edge& edge = edges_[e];
      if (!edge.live) continue;
      edge.adds = written[edge.spec.source];
      for (int p = 0; p < edge.spec.planes; ++p) written[edge.spec.source + p] = true;
    }
}

// Where each edge's sums and weight gradients lie among those of the state it reads.
inline void Engine::lay_out_sums() {
  size_t widest = 0;
  const auto lay_out = [&](const std::vector<int>& edges, size_t& gradients, size_t& totals) {
    const auto take = [&gradients](size_t n) {
      const size_t at = gradients;
      gradients += (n + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK;
      return at;
    };
    for (int e : edges) {
      Edge& edge = edges_[e];
      const size_t ci = edge.spec.kind == STEM ? STEM_INPUT : edge.spec.channels_in;
      const size_t co = edge.spec.channels_out;
      widest = std::max({widest, ci, co});
      for (Branch& branch : edge.branches) {
        branch.gradient = take(branch.columns * ci);
        branch.forward.resize(branch.columns * ci);
        branch.backward.resize(branch.columns * ci);
      }
      const size_t taps = static_cast<size_t>(edge.spec.k) * edge.spec.k * ci;
      if (edge.spec.kind == GLOBAL || (edge.spec.kind == SEPARABLE && edge.spec.k > 1)) {
        edge.taps.resize(taps);
        edge.turned.resize(taps);
        edge.taps_gradient = take(taps);
      }
      edge.slope_gradient = take(ci);
      edge.totals = totals;
      totals += 2 * co;
    }
    gradients_size_ = std::max(gradients_size_, gradients);
    totals_size_ = std::max(totals_size_, totals);
  };
  size_t stem_totals = 0;
  lay_out(stems_, stem_gradient_count_, stem_totals);
  for (State& state : states_) {
    lay_out(state.consumers, state.gradient_count, state.totals_count);
    for (int e : state.producers)
      if (edges_[e].normalised() || edges_[e].spec.kind == SCALED)
        edges_[e].which_sum = state.sum_count++;
    sums_size_ = std::max(sums_size_, static_cast<size_t>(1 + state.sum_count) * state.c);
  }
  ones_.assign(widest, 1.0f);
  zeros_.assign(widest, 0.0f);
}

// Places every map for `n` images of h x w.
inline void Engine::resize(int n, int h, int w) {
  if (n == n_ && h == h_ && w == w_) return;
  h_ = 0;  // stays so if anything below fails
  for (Edge& edge : edges_) {
    const bool stem = edge.spec.kind == STEM;
    edge.H = stem ? h : states_[edge.spec.source].h;
    edge.W = stem ? w : states_[edge.spec.source].w;
    const int stride = stem ? 2 : edge.spec.stride;
    edge.Ho = edge.spec.kind == GLOBAL ? 1 : (edge.H - 1) / stride + 1;
    edge.Wo = edge.spec.kind == GLOBAL ? 1 : (edge.W - 1) / stride + 1;
    if (edge.spec.kind == GLOBAL && (edge.H != edge.spec.k || edge.W != edge.spec.k))
      throw std::invalid_argument("the last map is " + std::to_string(edge.H) + "x" +
                                  std::to_string(edge.W) + ", but the tail's depthwise kernel is " +
                                  std::to_string(edge.spec.k) + "x" + std::to_string(edge.spec.k));
    if (edge.spec.kind == REDUCE && (edge.H % 2 != 0 || edge.W % 2 != 0))
      throw std::invalid_argument("a factorized reduce meets a map of odd size " +
                                  std::to_string(edge.H) + "x" + std::to_string(edge.W));
    State& target = states_[edge.spec.target];
    target.h = edge.Ho;
    target.w = edge.Wo;
  }
  n_ = n;
  shares_ = std::clamp(n / SHARE_IMAGES, 1, MAX_SHARES);
  totals_.resize(shares_ * totals_size_);
  sums_.resize(shares_ * sums_size_);
  gradients_.resize(2 * shares_ * gradients_size_);
  size_t total = 0;
  const auto take = [&total](size_t bytes) {
    const size_t place = total;
    total += (bytes + 63) / 64 * 64 + 64;
    return place;
  };
  std::vector<size_t> edge_place(edges_.size()), state_place(states_.size());
  for (size_t e = 0; e < edges_.size(); ++e)
    if (edges_[e].normalised()) edge_place[e] = take(bytes(states_[edges_[e].spec.target]));
  for (size_t s = 0; s < states_.size(); ++s)
    if (!states_[s].is_virtual) state_place[s] = take(bytes(states_[s]));
  char* base = static_cast<char*>(memory_.reserve(total));
  for (size_t e = 0; e < edges_.size(); ++e)
    edges_[e].z = edges_[e].normalised() ? base + edge_place[e] : nullptr;
  for (size_t s = 0; s < states_.size(); ++s)
    states_[s].y = states_[s].is_virtual ? nullptr : base + state_place[s];
  place_gradients();
  h_ = h;
  w_ = w;
}

// A state's gradient is needed from its last consumer down to its first producer; two states whose
// spans do not meet share memory.
inline void Engine::place_gradients() {
  const int count = static_cast<int>(states_.size());
  std::vector<int> from(count, -1), until(count, count);
  from[count - 1] = count - 1;
  for (int s = 0; s < count; ++s) {
    for (int e : states_[s].consumers)
      for (int p = 0; p < edges_[e].spec.planes; ++p)
        from[edges_[e].spec.source + p] = std::max(from[edges_[e].spec.source + p], s);
    for (int e : states_[s].producers) {
      const EdgeSpec& spec = edges_[e].spec;
      until[s] = std::min(until[s], spec.kind == STEM ? -1 : spec.source + spec.planes - 1);
    }
  }
  struct Span {
    size_t first, last;
    int until;
  };
  std::vector<Span> held;
  std::vector<size_t> place(count, 0);
  size_t total = 0;
  for (int s = count - 1; s >= 0; --s) {
    for (int t = 0; t < count; ++t) {
      if (from[t] != s || !states_[t].live) continue;
      const size_t need = (bytes(states_[t]) + 127) / 64 * 64;
      std::sort(held.begin(), held.end(),
                [](const Span& a, const Span& b) { return a.first < b.first; });
      size_t start = 0;  // the first gap that is wide enough
      for (const Span& span : held) {
        if (start + need <= span.first) break;
        start = std::max(start, span.last);
      }
      place[t] = start;
      held.push_back({start, start + need, until[t]});
      total = std::max(total, start + need);
    }
    held.erase(
        std::remove_if(held.begin(), held.end(), [s](const Span& span) { return span.until >= s; }),
        held.end());
  }
  char* base = static_cast<char*>(gradient_memory_.reserve(total));
  for (int s = 0; s < count; ++s) states_[s].gradient = states_[s].live ? base + place[s] : nullptr;
}

}  // namespace pocketface
