// Parameters into the kernels' layout before a step, gradients out of it afterwards.
#pragma once

#include "engine.hpp"

namespace pocketface {

// Packs this step's weights.
inline void Engine::prepare(Edge& edge) {
  const EdgeSpec& spec = edge.spec;
  edge.slopes = spec.slope == ABSENT ? ones_.data() : parameters_[spec.slope];
  const int ci = spec.channels_in;
  if (spec.kind == STEM) {
    std::vector<float> filled(static_cast<size_t>(spec.channels_out) * STEM_INPUT, 0.0f);
    for (int o = 0; o < spec.channels_out; ++o)
      std::copy_n(parameters_[spec.pointwise] + o * STEM_TAPS, STEM_TAPS,
                  filled.data() + o * STEM_INPUT);
    pack(filled.data(), 1, STEM_INPUT, STEM_INPUT, spec.channels_out,
         edge.branches[0].forward.data());
    return;
  }
  if (!edge.taps.empty()) {
    const int taps = spec.k * spec.k;
    const float* w = parameters_[spec.depthwise];
    for (int c = 0; c < ci; ++c)
      for (int t = 0; t < taps; ++t) {
        edge.taps[t * ci + c] = w[c * taps + t];
        edge.turned[(taps - 1 - t) * ci + c] = w[c * taps + t];
      }
  }
  for (size_t b = 0; b < edge.branches.size(); ++b) {
    Branch& branch = edge.branches[b];
    const float* pointwise = parameters_[b == 0 ? spec.pointwise : spec.pointwise_b];
    const int depthwise = b == 0 ? spec.depthwise : spec.depthwise_b;
    std::vector<float> folded(pointwise, pointwise + static_cast<size_t>(branch.columns) * ci);
    if (spec.k == 1 && depthwise != ABSENT)
      for (int o = 0; o < branch.columns; ++o)
        for (int c = 0; c < ci; ++c)
          folded[static_cast<size_t>(o) * ci + c] *= parameters_[depthwise][c];
    pack(folded.data(), 1, ci, ci, branch.columns, branch.forward.data());
    pack(folded.data(), ci, 1, branch.columns, ci, branch.backward.data());
  }
}

// Adds up the shares' weight gradients of the edges that read one state, and hands them over.
inline void Engine::hand_over(const std::vector<int>& edges, size_t count, int set,
                              float* const* out) {
  float* own = gradients(set, 0);
  for (int share = 1; share < shares_; ++share) {
    const float* other = gradients(set, share);
    for (size_t i = 0; i < count; ++i) own[i] += other[i];
  }
  for (int e : edges)
    if (edges_[e].live) hand_over(edges_[e], own, out);
}

// Adds an edge's gradients, in the parameters' own layout, to the caller's.
inline void Engine::hand_over(const Edge& edge, const float* own, float* const* out) const {
  const EdgeSpec& spec = edge.spec;
  if (spec.kind == SKIP) return;
  const int ci = spec.channels_in;
  for (int c = 0; c < spec.channels_out; ++c) out[spec.gamma][c] += edge.gamma_gradient[c];
  if (spec.beta != ABSENT)
    for (int c = 0; c < spec.channels_out; ++c) out[spec.beta][c] += edge.beta_gradient[c];
  if (spec.slope != ABSENT)
    for (int c = 0; c < ci; ++c) out[spec.slope][c] += own[edge.slope_gradient + c];
  if (!edge.taps.empty()) {
    const int taps = spec.k * spec.k;
    for (int c = 0; c < ci; ++c)
      for (int t = 0; t < taps; ++t)
        out[spec.depthwise][c * taps + t] += own[edge.taps_gradient + t * ci + c];
  }
  for (size_t b = 0; b < edge.branches.size(); ++b) {
    const Branch& branch = edge.branches[b];
    const int pointwise = b == 0 ? spec.pointwise : spec.pointwise_b;
    const int depthwise = b == 0 ? spec.depthwise : spec.depthwise_b;
    const bool folded = spec.k == 1 && depthwise != ABSENT;
    const int stored = spec.kind == STEM ? STEM_INPUT : ci,
              used = spec.kind == STEM ? STEM_TAPS : ci;
    for (int o = 0; o < branch.columns; ++o) {
      const float* g = own + branch.gradient + static_cast<size_t>(o) * stored;
      float* to = out[pointwise] + static_cast<size_t>(o) * used;
      if (!folded) {
        for (int c = 0; c < used; ++c) to[c] += g[c];
        continue;
      }
      const float* weights = parameters_[pointwise] + static_cast<size_t>(o) * used;
      const float* taps = parameters_[depthwise];
      float* to_taps = out[depthwise];
      for (int c = 0; c < used; ++c) to[c] += g[c] * taps[c];
      for (int c = 0; c < used; ++c) to_taps[c] += g[c] * weights[c];
    }
  }
}

}  // namespace pocketface
