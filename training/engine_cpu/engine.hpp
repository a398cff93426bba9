// The training step of a network of separable convolutions, run state by state over the images.
//
// Forward, for each state in order: its map is made from the products that end in it, and at once
// read by every edge that starts from it, image by image, so that it is still in cache; then the
// batch statistics of those edges are closed. Backward the same in reverse: all edges from a state
// complete its gradient, whose sums with the products that end in it are taken while it is hot.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include "pooling.hpp"
#include "separable.hpp"
#include "stem.hpp"
#include "threads.hpp"
#include "whole_map.hpp"

namespace pocketface {

#if defined(__AVX2__)
// Treats denormal numbers as zero while it lives: they are far slower and worth nothing here.
class FlushDenormals {
 public:
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | TO_ZERO); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  static constexpr unsigned TO_ZERO = 0x8040;  // MXCSR's bits for results and for operands
  unsigned saved_;
};
#else
class FlushDenormals {};
#endif

// Calls work with a value of the source's storage type and one of the target's.
template <class Work>
inline void with_types(bool source_full, bool target_full, const Work& work) {
  if (source_full)
    work(float{}, float{});
  else if (target_full)
    work(bf16{}, float{});
  else
    work(bf16{}, bf16{});
}

// Operations that treat each pixel by itself.
inline bool is_pixelwise(const Edge& edge) {
  const int kind = edge.spec.kind;
  return kind == SKIP || kind == NOTHING ||
         (kind == SEPARABLE && edge.spec.k == 1 && edge.spec.stride == 1);
}

// The images and the target's first pixel that belong to a run of the source's pixels.
struct Piece {
  Piece(const Edge& edge, long first, long last) {
    const long area = static_cast<long>(edge.H) * edge.W;
    images = static_cast<int>((last - first) / area);
    target = is_pixelwise(edge) ? first : first / area * edge.Ho * edge.Wo;
  }
  int images;
  long target;
};

class Engine {
 public:
  Engine(const EdgeSpec* specs, int edges, int states, int threads, bool full)
      : threads_(threads), full_(full), states_(states), scratch_(threads), gradients_(threads) {
    for (int i = 0; i < edges; ++i) add_edge(specs[i], i);
    for (State& state : states_) {
      const auto& ends = state.producers;
      if (ends.empty() || ends.size() > 2)
        throw std::invalid_argument("a state needs one or two edges that end in it");
      state.is_virtual = ends.size() == 1 && edges_[ends[0]].normalised();
    }
    mark_live();
    lay_out_gradients();
  }

  void forward(const float* images, int n, int h, int w, float* const* parameters, float* output);
  void backward(const float* output_gradient, float* const* gradients);
  bool edge_is_live(int edge) const { return edges_[edge].live; }

 private:
  void add_edge(const EdgeSpec& spec, int index);
  void mark_live();
  void lay_out_gradients();
  void resize(int n, int h, int w);
  void place_gradients();
  void prepare(Edge& edge);
  void close_forward(Edge& edge);
  void sum_backward(int state, long first, long last, int thread);
  void close_backward(Edge& edge, int which);
  void hand_over(const Edge& edge, float* const* out) const;
  void run_forward(int state, long first, long last, int thread);
  void run_backward(int state, long first, long last, int thread);
  void combine(const State& state, long first, long last);
  template <class Work>
  void for_units(const State& state, int thread, const Work& work);
  template <class T>
  Source<T> source_of(const Edge& edge, long pixel) const;

  double* totals(int edge, int thread) {
    return totals_.data() + (static_cast<size_t>(thread) * edges_.size() + edge) * 2 * widest_;
  }
  size_t bytes(const State& state) const {
    return static_cast<size_t>(n_) * state.h * state.w * state.c * (state.full ? 4 : 2);
  }
  const State& last() const { return states_.back(); }
  // Where a pixel of a state's map lies, counted over all images.
  static void* at(void* base, const State& state, long pixel) {
    return static_cast<char*>(base) + static_cast<size_t>(pixel) * state.c * (state.full ? 4 : 2);
  }

  Threads threads_;
  const bool full_;
  std::vector<Edge> edges_;
  std::vector<State> states_;
  std::vector<Scratch> scratch_;
  std::vector<std::vector<float>> gradients_;  // one set for each thread, in the engine's layout
  std::vector<double> totals_, sums_;
  std::vector<float> ones_, zeros_;
  Buffer memory_, gradient_memory_;
  size_t gradient_count_ = 0;
  int widest_ = 0, n_ = 0, h_ = 0, w_ = 0;
  const float* images_ = nullptr;
  float* const* parameters_ = nullptr;
};

template <class T>
Source<T> Engine::source_of(const Edge& edge, long pixel) const {
  Source<T> source;
  source.planes = edge.spec.planes;
  source.scale = ones_.data();
  source.shift = zeros_.data();
  for (int p = 0; p < source.planes; ++p) {
    const State& state = states_[edge.spec.source + p];
    source.c = state.c;
    void* x = state.y;
    if (state.is_virtual) {
      const Edge& producer = edges_[state.producers[0]];
      x = producer.z;
      source.scale = producer.scale.data();
      source.shift = producer.shift.data();
    }
    source.x[p] = static_cast<const T*>(at(x, state, pixel));
    source.gradient[p] =
        state.gradient ? static_cast<T*>(at(state.gradient, state, pixel)) : nullptr;
  }
  return source;
}

// Calls work(first, last) for the pixels of this thread, a unit at a time: as few as all edges of
// the state can take together, so that they stay in cache from one edge to the next.
template <class Work>
inline void Engine::for_units(const State& state, int thread, const Work& work) {
  int first_image, last_image;
  threads_.share(thread, n_, first_image, last_image);
  const long area = static_cast<long>(state.h) * state.w;
  const bool pixelwise = std::all_of(state.consumers.begin(), state.consumers.end(),
                                     [this](int e) { return is_pixelwise(edges_[e]); });
  const long unit = pixelwise ? CHUNK : area * std::max(1L, CHUNK / area);
  for (long p = first_image * area; p < last_image * area; p += unit)
    work(p, std::min(p + unit, last_image * area));
}

}  // namespace pocketface
