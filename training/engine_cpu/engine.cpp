// The C interface of the engine, and the one file that is compiled.
//
// Functions that can fail return 0, or 1 and leave a sentence in pf_last_error().
#include "backward.hpp"
#include "forward.hpp"
#include "layout.hpp"
#include "weights.hpp"

namespace {
thread_local std::string failure;

template <class Work>
int guarded(const Work& work) {
  try {
    work();
    return 0;
  } catch (const std::bad_alloc&) {
    failure = "there is not enough memory";
  } catch (const std::exception& error) {
    failure = error.what();
  }
  return 1;
}
}  // namespace

extern "C" {

const char* pf_last_error() { return failure.c_str(); }

void* pf_create(const EdgeSpec* edges, int edge_count, int state_count, int threads,
                int full_precision) {
  pocketface::Engine* engine = nullptr;
  guarded([&] {
    engine = new pocketface::Engine(edges, edge_count, state_count, threads, full_precision != 0);
  });
  return engine;
}

void pf_destroy(void* engine) { delete static_cast<pocketface::Engine*>(engine); }

// 1 where the edge's parameters receive a gradient, 0 where nothing reads what it makes.
int pf_edge_is_live(void* engine, int edge) {
  return static_cast<pocketface::Engine*>(engine)->edge_is_live(edge);
}

// images: [n][3][h][w]; output: [n][channels of the last state].
int pf_forward(void* engine, const float* images, int n, int h, int w, float* const* parameters,
               float* output) {
  return guarded([&] {
    static_cast<pocketface::Engine*>(engine)->forward(images, n, h, w, parameters, output);
  });
}

// Height of a state's map (maps are square) in the last forward.
int pf_map_side(void* engine, int state) {
  return static_cast<pocketface::Engine*>(engine)->map_side(state);
}

// Copies adjacent states of the last forward as one map, [n][h][w][channels of all of them].
int pf_read_map(void* engine, int first, int planes, float* map) {
  return guarded([&] { static_cast<pocketface::Engine*>(engine)->read_map(first, planes, map); });
}

// Adds to the gradients; `images` and `parameters` of the last forward must still be there.
// `outside` lists what a loss on inner maps adds to their gradients.
int pf_backward(void* engine, const float* output_gradient, const OutsideSpec* outside,
                int outside_count, float* const* gradients) {
  return guarded([&] {
    static_cast<pocketface::Engine*>(engine)->backward(output_gradient, outside, outside_count,
                                                       gradients);
  });
}

}  // extern "C"
