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
  explicit Threads(int count) : count_(count) {
    for (int i = 1; i < count; ++i) workers_.emplace_back([this, i] { serve(i); });
  }

  ~Threads() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      ++round_;
    }
    begin_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int count() const { return count_; }

  // Calls job(i) for each i below count(), the caller taking 0; returns when all have returned, or
  // throws what one of them threw.
  void run(const std::function<void(int)>& job) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      pending_ = count_ - 1;
      thrown_ = nullptr;
      ++round_;
    }
    if (count_ > 1) begin_.notify_all();
    attempt(job, 0);
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [this] { return pending_ == 0; });
    if (thrown_) std::rethrow_exception(thrown_);
  }

  // The images [first, last) of `total` that thread `index` handles.
  void share(int index, int total, int& first, int& last) const {
    first = static_cast<int>(static_cast<long>(total) * index / count_);
    last = static_cast<int>(static_cast<long>(total) * (index + 1) / count_);
  }

 private:
  void attempt(const std::function<void(int)>& job, int index) {
    try {
      job(index);
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      thrown_ = std::current_exception();
    }
  }

  void serve(int index) {
    long seen = 0;
    for (;;) {
      const std::function<void(int)>* job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        begin_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        if (stopping_) return;
        job = job_;
      }
      attempt(*job, index);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--pending_ == 0) end_.notify_one();
    }
  }

  const int count_;
  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int)>* job_ = nullptr;
  std::exception_ptr thrown_;
  long round_ = 0;
  int pending_ = 0;
  bool stopping_ = false;
};

}  // namespace pocketface
