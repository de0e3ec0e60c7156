// Makes two runs go through their stages one at a time, in a given order.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

/// The stages of a run, in order.
constexpr int stages = 4;
enum class RunStage { read, upload, version_tag, moving_tag };

/// Where a run is delayed before it writes tags: before it rereads the first of them, or between that and the write.
enum class DelayPoint { before_read, before_put };

/// Lets two runs advance one stage at a time: in "aabbabab", `a` runs its first two stages first.
class Schedule {
  public:
    explicit Schedule(std::string order) : order_(std::move(order)) {}

    /// Blocks until it is this run's turn to enter this stage.
    void enter(std::size_t run, RunStage stage) {
        std::unique_lock lock(mutex_);
        reached_.at(run) = std::max(reached_.at(run), static_cast<int>(stage));
        advance();
        turned_.wait(lock, [&] { return turn_ > place_of(run, static_cast<int>(stage)); });
    }

    void finish(std::size_t run) {
        const std::lock_guard lock(mutex_);
        reached_.at(run) = stages;
        advance();
    }

  private:
    /// A turn is over when its run has reached a later stage or finished. `turn_` counts the turns that have begun.
    void advance() {
        while (turn_ < order_.size() && is_over(turn_ - 1)) ++turn_;
        turned_.notify_all();
    }

    bool is_over(std::size_t place) const {
        const auto run = static_cast<std::size_t>(order_.at(place) - 'a');
        const auto end = order_.begin() + static_cast<std::ptrdiff_t>(place);
        return reached_.at(run) > std::count(order_.begin(), end, order_.at(place));
    }

    std::size_t place_of(std::size_t run, int stage) const {
        std::size_t place = 0;
        for (int seen = 0; place < order_.size(); ++place) {
            if (order_[place] == static_cast<char>('a' + run) && seen++ == stage) break;
        }
        return place;
    }

    const std::string order_;
    std::mutex mutex_;
    std::condition_variable turned_;
    std::array<int, 2> reached_ = {0, 0};
    std::size_t turn_ = 1;
};

/// The stage that a run at `stage` enters by sending this request.
inline RunStage stage_of(const std::string& method, const std::string& url, RunStage stage, DelayPoint delay) {
    const std::size_t tag = url.find("/manifests/");
    if (tag == std::string::npos || url.find("/manifests/sha256:") == tag)
        return std::max(stage, method == "PUT" || method == "POST" ? RunStage::upload : stage);
    const RunStage of_tag = url.find("/manifests/latest") == tag ? RunStage::moving_tag : RunStage::version_tag;
    if (method == "PUT") return std::max(stage, of_tag);
    return delay == DelayPoint::before_put || stage == RunStage::read ? stage : std::max(stage, of_tag);
}

/// All 70 interleavings of two runs of four stages.
inline std::vector<std::string> list_orders() {
    std::vector<std::string> orders;
    std::string order = "aaaabbbb";
    do orders.push_back(order);
    while (std::next_permutation(order.begin(), order.end()));
    return orders;
}

/// The interleavings of two runs that differ only in their builds: which one begins makes no difference.
inline std::vector<std::string> list_orders_of_equals() {
    std::vector<std::string> orders = list_orders();
    std::erase_if(orders, [](const std::string& order) { return order.front() == 'b'; });
    return orders;
}
