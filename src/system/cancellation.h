// SIGINT, SIGTERM and SIGHUP: noted once, asked for everywhere that waits.
#pragma once

/// From now on SIGINT, SIGTERM and SIGHUP cancel the run instead of ending the process (SIGHUP stays ignored under
/// nohup), and SIGPIPE is ignored. Called once, by main.
void watch_for_cancellation();

bool is_cancelled();

/// Throws Error{cancelled} if the run was cancelled.
void stop_if_cancelled();

/// A descriptor that becomes readable when the run is cancelled and stays so, for whatever waits with poll(2). Never
/// read from it.
int cancellation_descriptor();
