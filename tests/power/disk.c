/*
 * A disk that remembers: a FUSE directory with one file, `disk`, whose writes and flushes are appended to a
 * log in the order in which the kernel made them.
 *
 *     cc -O2 -o disk disk.c $(pkg-config --cflags --libs fuse3)
 *     disk IMAGE LOG DIRECTORY
 *
 * The image is a file of the disk's size. Each record of the log is the offset (8 bytes), the number of bytes
 * (4 bytes) and the kind (4 bytes: 0 for a write, 1 for a flush), all in the machine's order, then the bytes.
 */

#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE = 0, FLUSH = 1 };

struct header {
  uint64_t offset;
  uint32_t length;
  uint32_t kind;
};

static const char *const DISK = "/disk";
static int image_file, log_file;

static void record(enum kind kind, off_t offset, const char *bytes, size_t length) {
  struct header header = {(uint64_t)offset, (uint32_t)length, kind};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)bytes, length}};
  if (writev(log_file, parts, 2) != (ssize_t)(sizeof header + length)) abort();
}

static int disk_getattr(const char *path, struct stat *out, struct fuse_file_info *info) {
  (void)info;
  struct stat image;
  if (fstat(image_file, &image) != 0) return -errno;
  memset(out, 0, sizeof *out);
  if (strcmp(path, "/") == 0) {
    out->st_mode = S_IFDIR | 0700;
    out->st_nlink = 2;
    return 0;
  }
  if (strcmp(path, DISK) != 0) return -ENOENT;
  out->st_mode = S_IFREG | 0600;
  out->st_nlink = 1;
  out->st_size = image.st_size;
  out->st_blocks = image.st_size / 512;
  return 0;
}

static int disk_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                        struct fuse_file_info *info, enum fuse_readdir_flags flags) {
  (void)path, (void)offset, (void)info, (void)flags;
  fill(buffer, DISK + 1, NULL, 0, 0);
  return 0;
}

static int disk_open(const char *path, struct fuse_file_info *info) {
  (void)info;
  return strcmp(path, DISK) == 0 ? 0 : -ENOENT;
}

static int disk_read(const char *path, char *bytes, size_t length, off_t offset,
                     struct fuse_file_info *info) {
  (void)path, (void)info;
  ssize_t done = pread(image_file, bytes, length, offset);
  return done < 0 ? -errno : (int)done;
}

static int disk_write(const char *path, const char *bytes, size_t length, off_t offset,
                      struct fuse_file_info *info) {
  (void)path, (void)info;
  ssize_t done = pwrite(image_file, bytes, length, offset);
  if (done < 0) return -errno;
  record(WRITE, offset, bytes, (size_t)done);
  return (int)done;
}

static int disk_fsync(const char *path, int only_data, struct fuse_file_info *info) {
  (void)path, (void)only_data, (void)info;
  record(FLUSH, 0, NULL, 0);
  return 0;
}

/* Without it the kernel would discard, and read what the image never held. */
static int disk_fallocate(const char *path, int mode, off_t offset, off_t length,
                          struct fuse_file_info *info) {
  (void)path, (void)mode, (void)offset, (void)length, (void)info;
  return -EOPNOTSUPP;
}

static const struct fuse_operations operations = {
    .getattr = disk_getattr,
    .readdir = disk_readdir,
    .open = disk_open,
    .read = disk_read,
    .write = disk_write,
    .fsync = disk_fsync,
    .fallocate = disk_fallocate,
};

int main(int count, char **words) {
  if (count != 4) {
    fprintf(stderr, "usage: disk IMAGE LOG DIRECTORY\n");
    return 2;
  }
  image_file = open(words[1], O_RDWR);
  log_file = open(words[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  if (image_file < 0 || log_file < 0) {
    perror("disk");
    return 1;
  }
  /* One thread, so that the log has the order of the disk; in the foreground, so that it can be ended. */
  char *arguments[] = {words[0], "-s", "-f", words[3], NULL};
  return fuse_main(4, arguments, &operations, NULL);
}
