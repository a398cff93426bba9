// A few threads that block between jobs. Spinning would take time from whatever shares the cores.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pocketface {

class Threads {
 public:
  using Work = std::function<void(int job, int thread)>;

  explicit Threads(int count) : count_(count) {
    for (int i = 1; i < count; ++i) workers_.emplace_back([this, i] { serve(i); });
  }

  ~Threads() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    begin_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int count() const { return count_; }

  // Calls work(job, thread) for each job below `jobs`; whichever thread is free takes the next, the
  // caller being thread 0. Returns when all have returned, or throws what one of them threw. A
  // thread that the system wakes too late is not waited for.
  void each(int jobs, const Work& work) {
    std::unique_lock<std::mutex> lock(mutex_);
    work_ = &work;
    next_ = 0;
    jobs_ = pending_ = jobs;
    thrown_ = nullptr;
    if (count_ > 1) begin_.notify_all();
    take(lock, 0);
    end_.wait(lock, [this] { return pending_ == 0; });
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  void take(std::unique_lock<std::mutex>& lock, int thread) {
    while (next_ < jobs_) {
      const int job = next_++;
      const Work& work = *work_;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        work(job, thread);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      if (thrown) thrown_ = thrown;
      if (--pending_ == 0) end_.notify_one();
    }
  }

  void serve(int thread) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      begin_.wait(lock, [this] { return stopping_ || next_ < jobs_; });
      if (stopping_) return;
      take(lock, thread);
    }
  }

  const int count_;
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  const Work* work_ = nullptr;
  std::exception_ptr thrown_;
  int next_ = 0, jobs_ = 0, pending_ = 0;
  bool stopping_ = false;
};

}  // namespace pocketface
