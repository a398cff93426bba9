// What the engine runs: states (feature maps) joined by edges (operations), as the caller lists
// them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "matrix.hpp"

namespace pocketface {

enum Kind : int32_t {
  STEM = 0,       // 3x3 convolution of stride 2 over the images, BatchNorm
  SEPARABLE = 1,  // PReLU, depthwise k x k, pointwise, BatchNorm; PReLU and depthwise optional
  REDUCE = 2,     // PReLU, two strided pointwise halves one pixel apart, BatchNorm
  MAX = 3,        // 3x3 maximum, BatchNorm
  AVERAGE = 4,    // 3x3 mean without the padding, BatchNorm
  SKIP = 5,       // identity
  GLOBAL = 6,     // PReLU, depthwise over the whole map, BatchNorm
  NOTHING = 7,    // zeros
  SCALED = 8,     // identity times a factor per channel, its gamma
};

constexpr int ABSENT = -1;
constexpr int MAX_PLANES = 4;      // a cell's output is four nodes side by side
constexpr int MAX_PRODUCERS = 64;  // a supernet's node has 35: seven operations from each of five

}  // namespace pocketface

// One operation, as the caller describes it. Parameters are indices into the table of pointers
// given to each step; ABSENT where the operation has none. Layout shared with `plan.py`.
struct EdgeSpec {
  int32_t kind, k, stride;
  int32_t channels_in, channels_out;
  int32_t source, planes;  // the first source state and how many consecutive ones are joined
  int32_t target;
  int32_t full_precision;  // the target is stored as float whatever the engine's storage is
  int32_t slope, depthwise, pointwise, depthwise_b, pointwise_b;
  int32_t gamma, beta, mean, variance;
  float epsilon, momentum;
};

// A gradient that comes from outside for adjacent states read as one map, [N][h][w][all channels].
// Layout shared with `native.py`.
struct OutsideSpec {
  int32_t first, planes;
  const float* gradient;
};

namespace pocketface {

// Aligned memory that grows and never shrinks; growing loses what was there.
class Buffer {
 public:
  ~Buffer() { std::free(memory_); }
  Buffer() = default;
  Buffer(Buffer&& other) noexcept : memory_(other.memory_), bytes_(other.bytes_) {
    other.memory_ = nullptr;
    other.bytes_ = 0;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void* reserve(size_t bytes);

 private:
  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

// Scratch of one thread: one growing buffer for each purpose.
class Scratch {
 public:
  enum Slot { PADDED, SPREAD, U, DZ, ROW, SUMS, SLOTS };

  float* floats(Slot slot, size_t count) {
    return static_cast<float*>(buffers_[slot].reserve(count * sizeof(float)));
  }
  std::vector<int> places;    // offsets of pixels
  std::vector<char> columns;  // of the source in hand

 private:
  Buffer buffers_[SLOTS];
};

// One pointwise product of an edge: all of a separable convolution, half of a factorized reduce.
struct Branch {
  int offset = 0;                        // of the first pixel read, rows and columns alike
  int column = 0, columns = 0;           // which channels of z it makes
  std::vector<float> forward, backward;  // packed weights, a 1x1 depthwise folded in
  size_t gradient = 0;  // where its [columns][channels_in] lies in its state's gradients
};

struct Edge {
  EdgeSpec spec;
  int H = 0, W = 0, Ho = 0, Wo = 0;
  bool adds = false;  // another edge has already written the source's gradient
  bool live = true;   // the target's gradient reaches the output
  void* z = nullptr;  // [N][Ho][Wo][channels_out], before BatchNorm
  std::vector<Branch> branches;
  std::vector<float> taps, turned;  // depthwise weights [k * k][channels_in]; half a turn
  size_t taps_gradient = 0, slope_gradient = 0;
  size_t totals = 0;   // where its two sums of z lie among those of its state
  int which_sum = -1;  // of its target's sums: that of dy times what this edge adds
  std::vector<float> gamma_gradient, beta_gradient;
  std::vector<double> mean, deviation;           // 1 / sqrt(variance + epsilon) in the latter
  std::vector<float> scale, shift;               // y = scale * z + shift; of x where it has no z
  std::vector<float> from_dy, from_z, constant;  // dz = from_dy * dy + from_z * z + constant
  const float* slopes = nullptr;

  bool normalised() const {
    return spec.kind != SKIP && spec.kind != NOTHING && spec.kind != SCALED;
  }
};

struct State {
  int h = 0, w = 0, c = 0;
  bool full = false;           // stored as float
  std::vector<int> producers;  // edges that end here
  std::vector<int> consumers;  // edges run together once this state is known
  void* y = nullptr;           // null where the state is virtual
  void* gradient = nullptr;
  bool live = false;
  size_t gradient_count = 0;  // floats of its consumers' weight gradients, for one share
  size_t totals_count = 0;    // doubles of their sums
  int sum_count = 0;          // products of dy that are summed in its backward pass
  bool is_virtual = false;  // one edge's BatchNorm, applied whenever it is read
  const float* outside = nullptr;  // what a loss on this map adds to its gradient, if anything
  int outside_pitch = 0;           // floats from one pixel of it to the next
};

// A run of images of the states an edge reads: up to four planes of `c` channels each.
template <class S>
struct Source {
  const S* x[MAX_PLANES];
  S* gradient[MAX_PLANES];
  int planes, c;
  bool affine;                 // whether the map below is more than the identity
  const float *scale, *shift;  // value = scale * x + shift, per channel of all planes
};

// Where one vector of a source's channels lies at its first pixel.
template <class S>
struct Column {
  const S* x;
  S* gradient;
};

}  // namespace pocketface
