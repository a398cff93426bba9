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
  return !edge.normalised() ||
         (edge.spec.kind == SEPARABLE && edge.spec.k == 1 && edge.spec.stride == 1);
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

// A batch is cut into shares of adjacent images, each with sums of its own that are added up in
// order. Which thread takes which share does not matter then: results are the same for any number
// of threads. Fewer images would make the sums cost more than they bring.
constexpr int SHARE_IMAGES = 4;
constexpr int MAX_SHARES = 16;  // 16 times the largest state's weight gradients are 17 MB

class Engine {
 public:
  Engine(const EdgeSpec* specs, int edges, int states, int threads, bool full)
      : threads_(threads), full_(full), states_(states), scratch_(threads) {
    for (int i = 0; i < edges; ++i) add_edge(specs[i], i);
    for (State& state : states_) {
      if (state.producers.empty() || state.producers.size() > MAX_PRODUCERS)
        throw std::invalid_argument("a state needs 1 to " + std::to_string(MAX_PRODUCERS) +
                                    " edges that end in it");
      state.is_virtual =
          state.producers.size() == 1 && edges_[state.producers[0]].normalised();
    }
    mark_live();
    lay_out_sums();
  }

  void forward(const float* images, int n, int h, int w, float* const* parameters, float* output);
  void backward(const float* output_gradient, const OutsideSpec* outside, int outside_count,
                float* const* gradients);
  void read_map(int first, int planes, float* to);
  int map_side(int state) const { return states_[state].h; }
  bool edge_is_live(int edge) const { return edges_[edge].live; }

 private:
  void add_edge(const EdgeSpec& spec, int index);
  void mark_live();
  void lay_out_sums();
  void resize(int n, int h, int w);
  void place_gradients();
  void prepare(Edge& edge);
  void run_stem(Edge& edge);
  void close_forward(Edge& edge);
  void pass_on(Edge& edge);
  void add_outside(const State& state, long first, long last);
  void sum_backward(const State& state, long first, long last, double* sums);
  void close_backward(Edge& edge);
  void hand_over(const std::vector<int>& edges, size_t count, int set, float* const* out);
  void hand_over(const Edge& edge, const float* own, float* const* out) const;
  void run_forward(const State& state, long first, long last, int share, int thread);
  void run_backward(const State& state, long first, long last, float* gradients, double* sums,
                    int thread);
  void combine(const State& state, long first, long last);
  template <class Work>
  void for_units(const State& state, int share, const Work& work) const;
  template <class T>
  Source<T> source_of(int first, int planes, long pixel) const;

  // The images [first, last) of a share.
  int first_image(int share) const {
    return static_cast<int>(static_cast<long>(n_) * share / shares_);
  }
  double* totals(const Edge& edge, int share) {
    return totals_.data() + share * totals_size_ + edge.totals;
  }
  double* sums(int share) { return sums_.data() + share * sums_size_; }
  // One of two sets, so that one can be handed over while the other is filled.
  float* gradients(int set, int share) {
    return gradients_.data() + (static_cast<size_t>(set) * shares_ + share) * gradients_size_;
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
  std::vector<Scratch> scratch_;  // by thread
  std::vector<double> totals_, sums_;
  std::vector<float> gradients_, ones_, zeros_;
  std::vector<int> stems_;
  Buffer memory_, gradient_memory_;
  size_t totals_size_ = 0, sums_size_ = 0, gradients_size_ = 0;  // of one share
  size_t stem_gradient_count_ = 0;
  int shares_ = 0, n_ = 0, h_ = 0, w_ = 0;
  const float* images_ = nullptr;
  float* const* parameters_ = nullptr;
};

// Adjacent states as one map, from a pixel on.
template <class T>
Source<T> Engine::source_of(int first, int planes, long pixel) const {
  Source<T> source;
  source.planes = planes;
  source.affine = false;
  source.scale = ones_.data();
  source.shift = zeros_.data();
  for (int p = 0; p < planes; ++p) {
    const State& state = states_[first + p];
    source.c = state.c;
    void* x = state.y;
    if (state.is_virtual) {
      const Edge& producer = edges_[state.producers[0]];
      x = producer.z;
      source.affine = true;
      source.scale = producer.scale.data();
      source.shift = producer.shift.data();
    }
    source.x[p] = static_cast<const T*>(at(x, state, pixel));
    source.gradient[p] =
        state.gradient ? static_cast<T*>(at(state.gradient, state, pixel)) : nullptr;
  }
  return source;
}

// Calls work(first, last) for the pixels of a share, a unit at a time: as few as all edges of the
// state can take together, so that they stay in cache from one edge to the next.
template <class Work>
inline void Engine::for_units(const State& state, int share, const Work& work) const {
  const long area = static_cast<long>(state.h) * state.w;
  const bool pixelwise = std::all_of(state.consumers.begin(), state.consumers.end(),
                                     [this](int e) { return is_pixelwise(edges_[e]); });
  const long unit = pixelwise ? CHUNK : area * std::max(1L, CHUNK / area);
  const long end = first_image(share + 1) * area;
  for (long p = first_image(share) * area; p < end; p += unit) work(p, std::min(p + unit, end));
}

}  // namespace pocketface
