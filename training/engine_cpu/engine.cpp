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

// Adds to the gradients; `images` and `parameters` of the last forward must still be there.
int pf_backward(void* engine, const float* output_gradient, float* const* gradients) {
  return guarded(
      [&] { static_cast<pocketface::Engine*>(engine)->backward(output_gradient, gradients); });
}

}  // extern "C"
