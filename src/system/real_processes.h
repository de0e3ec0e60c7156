// Child processes on this machine.
#pragma once

#include <filesystem>
#include <mutex>

#include "system/processes.h"
#include "system/relay.h"

/// May be used by several threads at a time. A child is the leader of a process group of its own, so that a terminal's
/// Ctrl-C reaches us alone and we end the child with all it started.
class RealProcesses : public Processes {
  public:
    /// `relay.to` must live as long as this.
    explicit RealProcesses(Relay relay);

    Finished run(const Command& command) override;

  private:
    Finished run_relayed(const Command& command, const std::filesystem::path& program);

    Relay relay_;
    std::mutex mutex_;     ///< guards what follows and relay_.to
    int relayed_now_ = 0;  ///< children between relay_.before and relay_.after
};
