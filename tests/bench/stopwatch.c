// Runs a program and tells what it took, by the same few system calls whatever the program is:
//
//   stopwatch SECONDS PROGRAM [ARGUMENT…]
//
// The program's output is thrown away. Prints its wall time and its processors' in milliseconds, the most
// memory that it held at once in kilobytes, and how it ended: its exit code, or -1 when it was killed, as it
// is after SECONDS.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t program;

// Children of the program die with it: it leads a group of its own.
static void kill_program(int signal) {
  (void)signal;
  kill(-program, SIGKILL);
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double milliseconds_of(struct timeval time) {
  return time.tv_sec * 1e3 + time.tv_usec / 1e3;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  double start = milliseconds();
  program = fork();
  if (program == 0) {
    setpgid(0, 0);
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  setpgid(program, program);
  signal(SIGALRM, kill_program);
  signal(SIGTERM, kill_program);
  signal(SIGINT, kill_program);
  alarm(atoi(argv[1]));
  int status;
  struct rusage usage;
  wait4(program, &status, 0, &usage);
  printf("%.3f %.3f %ld %d\n", milliseconds() - start,
         milliseconds_of(usage.ru_utime) + milliseconds_of(usage.ru_stime), usage.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 0;
}
