// The floor that reading a store is measured against: the same directories and files, by bare system calls.
//
//   floor meta ROOT   lists every experiment, opens, reads and closes each run's meta.yaml
//   floor full ROOT   also lists metrics/, params/ and tags/ and reads every file in them
//   floor warm ROOT   like full, artifacts/ included, by many threads: no measure, but a warm cache
//
// Prints the number of files and bytes read, so that the work can be compared.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 16, MOST_EXPERIMENTS = 1 << 20 };

static const char *mode;
static char *experiments[MOST_EXPERIMENTS];
static int found;
static atomic_int taken;
static atomic_long files, bytes;
static _Thread_local char buffer[1 << 16];

static int is(const char *wanted) { return strcmp(mode, wanted) == 0; }

static void read_file(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t count;
  long total = 0;
  while ((count = read(fd, buffer, sizeof buffer)) > 0) total += count;
  close(fd);
  bytes += total;
  files++;
}

static void read_folder(const char *run, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", run, name);
  DIR *folder = opendir(path);
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    char file[4400];
    snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
    read_file(file);
  }
  closedir(folder);
}

static void read_experiment(const char *experiment) {
  char meta[2100];
  snprintf(meta, sizeof meta, "%s/meta.yaml", experiment);
  read_file(meta);
  DIR *directory = opendir(experiment);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    char run[2048];
    snprintf(run, sizeof run, "%s/%s", experiment, entry->d_name);
    snprintf(meta, sizeof meta, "%s/meta.yaml", run);
    read_file(meta);
    if (is("meta")) continue;
    read_folder(run, "metrics");
    read_folder(run, "params");
    read_folder(run, "tags");
    if (is("warm")) read_folder(run, "artifacts");
  }
  closedir(directory);
}

static void *read_experiments(void *nothing) {
  for (int next; (next = taken++) < found;) read_experiment(experiments[next]);
  return nothing;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  mode = argv[1];
  DIR *root = opendir(argv[2]);
  if (!root) return 1;
  for (struct dirent *entry; (entry = readdir(root)) && found < MOST_EXPERIMENTS;) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    if (strcmp(entry->d_name, "models") == 0) continue;
    if (asprintf(&experiments[found], "%s/%s", argv[2], entry->d_name) > 0) found++;
  }
  closedir(root);
  pthread_t threads[THREADS];
  int started = is("warm") ? THREADS : 0;
  for (int index = 0; index < started; index++) {
    pthread_create(&threads[index], NULL, read_experiments, NULL);
  }
  read_experiments(NULL);
  for (int index = 0; index < started; index++) pthread_join(threads[index], NULL);
  printf("%ld files, %ld bytes\n", files, bytes);
  return 0;
}
