// Boost.Process v2 (header-only, as in Boost 1.81) waits for children. They are started by posix_spawn: Boost's
// launcher allocates between fork and exec, where a lock that another thread held stays locked for ever, leaves
// descriptors open, and goes on as a second process of ours after an error.
#include "system/real_processes.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/process/v2/process.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <ostream>

#include "base/error.h"
#include "base/text.h"
#include "system/cancellation.h"
#include "system/descriptor.h"

namespace asio = boost::asio;
namespace process = boost::process::v2;
using boost::system::error_code;

namespace {

constexpr std::size_t max_out = std::size_t{256} << 20U;
constexpr std::size_t max_err = std::size_t{64} << 10U;
/// Between SIGTERM and SIGKILL. The runner gives us 10 s from SIGINT to its own SIGKILL.
constexpr std::chrono::seconds grace_period(5);
/// How long after the child's end its outputs are read, if something it started holds them open.
constexpr std::chrono::seconds drain_timeout(2);

[[noreturn]] void refuse(const Command& command, const std::string& why) {
    throw Error{Exit::failed, command.argv.front() + " cannot be started: " + why, ""};
}

/// As exec wants them.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void throw_system_error(int error) {
    throw boost::system::system_error(error, boost::system::system_category());
}

/// Starts the child in a process group of its own, with no signal ignored or blocked and no descriptor of ours but
/// these three. Returns its number; throws what failed, which is usually exec.
pid_t start(const Command& command, const std::filesystem::path& program, const FileDescriptor& input,
            const FileDescriptor& out, const FileDescriptor& err) {
    std::vector<std::string> arguments = command.argv;
    arguments.front() = program.string();
    std::vector<std::string> variables;
    for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
    const std::vector<char*> argv = pointers_to(arguments);
    const std::vector<char*> environment = pointers_to(variables);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.number(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out.number(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.number(), STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (!command.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, command.directory.c_str());

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);  // an ignored signal stays ignored over exec, and `yes | head` would never end
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    pid_t child = -1;
    const int error = posix_spawn(&child, program.c_str(), &actions, &attributes, argv.data(), environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw_system_error(error);
    return child;
}

/// The end of a new pipe that the child writes to; we read from `reader`.
FileDescriptor open_pipe(asio::readable_pipe& reader) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw_system_error(errno);
    reader.assign(ends[0]);
    return FileDescriptor(ends[1]);
}

/// A descriptor to read the text from: memory and not a pipe, so nothing has to feed it while the child runs.
FileDescriptor open_input(const Command& command) {
    if (command.input.empty()) return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
    FileDescriptor memory(memfd_create("input", MFD_CLOEXEC));
    if (!memory.is_open() || !write_all(memory, command.input)) refuse(command, std::strerror(errno));
    lseek(memory.number(), 0, SEEK_SET);
    return memory;
}

/// One child from its start to its end. Everything happens in the thread that calls wait().
class Child {
  public:
    Child(const Command& command, const std::filesystem::path& program, LineCutter::Take show)
        : command_(command), show_(std::move(show)) {
        const FileDescriptor input = open_input(command);
        const FileDescriptor out = open_pipe(out_.pipe);
        const FileDescriptor err = open_pipe(err_.pipe);
        group_ = start(command, program, input, out, err);
        child_.emplace(context_.get_executor(), group_);
    }

    Finished wait() {
        read(out_);
        read(err_);
        await_end();
        if (!command_.cleans_up) {
            cancellation_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
                if (!error) end();
            });
        }
        if (command_.timeout.count() > 0) {
            deadline_.expires_after(command_.timeout);
            deadline_.async_wait([this](const error_code& error) {
                if (error) return;
                finished_.timed_out = true;
                end();
            });
        }
        context_.run();
        if (ending_) kill(-group_, SIGKILL);  // whatever outlived its leader
        out_.lines.finish(show_);
        err_.lines.finish(show_);
        finished_.out = std::move(out_.kept);
        finished_.err = std::move(err_.kept);
        if (finished_.err.size() > max_err) finished_.err.erase(0, finished_.err.size() - max_err);
        return std::move(finished_);
    }

  private:
    struct Output {
        asio::readable_pipe pipe;
        std::string kept;
        LineCutter lines;
        std::array<char, 65536> buffer;
    };

    void read(Output& output) {
        const auto go_on = [this, &output](const error_code& error, std::size_t count) {
            if (error) {
                output.pipe.close();
                stop_if_over();
            } else {
                take(output, std::string_view(output.buffer.data(), count));
                read(output);
            }
        };
        output.pipe.async_read_some(asio::buffer(output.buffer), go_on);
    }

    void take(Output& output, std::string_view bytes) {
        if (command_.relayed) output.lines.add(bytes, show_);
        if (&output == &err_) {
            output.kept += bytes;
            if (output.kept.size() > 2 * max_err) output.kept.erase(0, output.kept.size() - max_err);
            return;
        }
        output.kept += bytes.substr(0, max_out - output.kept.size());
        if (finished_.truncated || output.kept.size() < max_out) return;
        finished_.truncated = true;
        end();
    }

    void await_end() {
        child_->async_wait([this](const error_code&, int) {
            const int status = child_->native_exit_code();
            finished_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
            child_->detach();
            child_.reset();
            deadline_.cancel();
            cancellation_.cancel();
            stop_if_over();
            if (ending_) return;  // then the second signal bounds the wait
            second_.expires_after(drain_timeout);
            second_.async_wait([this](const error_code& error) {
                if (!error) context_.stop();
            });
        });
    }

    void stop_if_over() {
        if (!child_ && !out_.pipe.is_open() && !err_.pipe.is_open()) context_.stop();
    }

    /// SIGTERM to the whole group, and SIGKILL if it is still there after the grace period.
    void end() {
        if (ending_) return;
        ending_ = true;
        kill(-group_, SIGTERM);
        second_.expires_after(grace_period);
        second_.async_wait([this](const error_code& error) {
            if (error) return;
            kill(-group_, SIGKILL);
            if (!child_) context_.stop();
        });
    }

    const Command& command_;
    LineCutter::Take show_;
    asio::io_context context_{1};
    Output out_{asio::readable_pipe(context_), {}, {}, {}};
    Output err_{asio::readable_pipe(context_), {}, {}, {}};
    asio::posix::stream_descriptor cancellation_{context_, dup(cancellation_descriptor())};
    asio::steady_timer deadline_{context_};
    asio::steady_timer second_{context_};
    std::optional<process::process> child_;
    pid_t group_ = -1;
    bool ending_ = false;
    Finished finished_;
};

/// Boost's errors are translated here and nowhere else.
Finished run_child(const Command& command, const std::filesystem::path& program, LineCutter::Take show) {
    try {
        return Child(command, program, std::move(show)).wait();
    } catch (const boost::system::system_error& error) {
        const int code = error.code().value();
        const bool refused_by_exec =
            code == EACCES || code == ENOEXEC || code == ENOENT || code == E2BIG || code == EPERM;
        if (!refused_by_exec) refuse(command, error.code().message());
        return {.exit_code = 126, .err = program.string() + ": " + error.code().message() + "\n"};
    }
}

/// As execvp(3) looks, but in the PATH of the child, and never in directories that PATH names relatively. A name with a
/// slash is a path from the command's directory. Nothing if there is no such program.
std::optional<std::filesystem::path> find_program(const Command& command) {
    const std::string& name = command.argv.front();
    std::error_code none;
    if (name.find('/') != std::string::npos) {
        const std::filesystem::path path = command.directory / name;
        return std::filesystem::exists(path, none) ? std::optional(std::filesystem::absolute(path)) : std::nullopt;
    }
    const auto given = command.environment.find("PATH");
    for (const std::string& directory :
         fields_of(given == command.environment.end() ? "/usr/local/bin:/usr/bin:/bin" : given->second, ':')) {
        const std::filesystem::path path = std::filesystem::path(directory) / name;
        const bool is_file = path.is_absolute() && std::filesystem::is_regular_file(path, none);
        if (is_file && access(path.c_str(), X_OK) == 0) return path;
    }
    return std::nullopt;
}

}  // namespace

RealProcesses::RealProcesses(Relay relay) : relay_(std::move(relay)) {}

Finished RealProcesses::run(const Command& command) {
    if (!command.cleans_up) stop_if_cancelled();
    std::error_code none;
    if (!command.directory.empty() && !std::filesystem::is_directory(command.directory, none)) {
        refuse(command, "there is no directory " + command.directory.string() + " to run it in");
    }
    const std::optional<std::filesystem::path> program = find_program(command);
    if (!program) return {.exit_code = 127};
    Finished finished = command.relayed ? run_relayed(command, *program) : run_child(command, *program, {});
    if (!command.cleans_up) stop_if_cancelled();
    return finished;
}

Finished RealProcesses::run_relayed(const Command& command, const std::filesystem::path& program) {
    struct Bracket {
        RealProcesses& processes;
        explicit Bracket(RealProcesses& p) : processes(p) {
            const std::lock_guard lock(processes.mutex_);
            if (processes.relayed_now_++ == 0) processes.relay_.to << processes.relay_.before << std::flush;
        }
        ~Bracket() {
            const std::lock_guard lock(processes.mutex_);
            if (--processes.relayed_now_ == 0) processes.relay_.to << processes.relay_.after << std::flush;
        }
    };
    const Bracket bracket(*this);
    return run_child(command, program, [this](std::string_view line) {
        const std::string sanitized = relay_.filter(line) + "\n";
        const std::lock_guard lock(mutex_);
        relay_.to << sanitized << std::flush;
    });
}
