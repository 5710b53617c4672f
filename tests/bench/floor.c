// The floor that the scan is measured against: the same directories and files, by bare system calls.
//
//   floor meta ROOT   lists every experiment, opens, reads and closes each run's meta.yaml
//   floor full ROOT   also lists metrics/, params/ and tags/ and reads every file in them
//
// Prints the number of files and bytes read, so that the work can be compared.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[1 << 20];
static long files, bytes;

static void read_file(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t count;
  while ((count = read(fd, buffer, sizeof buffer)) > 0) bytes += count;
  close(fd);
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

static void read_experiment(const char *experiment, int full) {
  DIR *directory = opendir(experiment);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    char run[2048], meta[2100];
    snprintf(run, sizeof run, "%s/%s", experiment, entry->d_name);
    snprintf(meta, sizeof meta, "%s/meta.yaml", run);
    read_file(meta);
    if (!full) continue;
    read_folder(run, "metrics");
    read_folder(run, "params");
    read_folder(run, "tags");
  }
  closedir(directory);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int full = strcmp(argv[1], "full") == 0;
  DIR *root = opendir(argv[2]);
  if (!root) return 1;
  for (struct dirent *entry; (entry = readdir(root));) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    if (strcmp(entry->d_name, "models") == 0) continue;
    char experiment[1024], meta[1100];
    snprintf(experiment, sizeof experiment, "%s/%s", argv[2], entry->d_name);
    snprintf(meta, sizeof meta, "%s/meta.yaml", experiment);
    read_file(meta);
    read_experiment(experiment, full);
  }
  closedir(root);
  printf("%ld files, %ld bytes\n", files, bytes);
  return 0;
}
