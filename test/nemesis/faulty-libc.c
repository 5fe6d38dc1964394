/*
 * Preloaded into a node, this stands between it and the C library:
 *
 *   fdatasync, fsync   may be slow, may fail, and are written down, so that a power cut can be
 *                      played afterwards: what was not synced is not there any more
 *   connect            goes to another port of this machine: through a proxy that can be cut
 *
 * HOLDFAST_FAULT_CONTROL  a file of four 32-bit numbers, read anew at each sync:
 *                           0  syncs that still succeed before one fails; negative: none fails
 *                           1  how many fail then; negative: all
 *                           2  milliseconds that each sync takes longer
 *                           3  not used
 * HOLDFAST_FAULT_SYNCED   a file to which each sync that succeeded is added, as a line:
 *                           <inode> <size> <path> <content in hex, of files up to 64 bytes>
 * HOLDFAST_FAULT_ROUTES   <port>=<port>,... for connections to 127.0.0.1
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int32_t *control;
static int synced_file = -1;
static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static int (*real_connect)(int, const struct sockaddr *, socklen_t);

__attribute__((constructor)) static void begin(void) {
  real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  real_connect = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
  const char *path = getenv("HOLDFAST_FAULT_CONTROL");
  if (path != NULL) {
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file >= 0) {
      void *page = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      if (page != MAP_FAILED) control = page;
      close(file);
    }
  }
  path = getenv("HOLDFAST_FAULT_SYNCED");
  if (path != NULL) synced_file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int fails(void) {
  if (control == NULL || control[0] < 0) return 0;
  if (__sync_fetch_and_sub(&control[0], 1) > 0) return 0;
  if (control[1] > 0 && __sync_sub_and_fetch(&control[1], 1) == 0) {
    control[0] = -1;
    return 1;
  }
  control[0] = control[1] == 0 ? -1 : 0;
  return control[1] != 0;
}

/* What is known of a file before it is synced: what comes meanwhile may be left out. */
struct look {
  struct stat stat;
  char content[129];
};

static void look_at(int file, struct look *look) {
  look->content[0] = 0;
  if (fstat(file, &look->stat) != 0) look->stat.st_size = -1;
  if (look->stat.st_size <= 0 || look->stat.st_size > 64) return;
  unsigned char bytes[64];
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  int again = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = again < 0 ? -1 : pread(again, bytes, sizeof bytes, 0);
  if (again >= 0) close(again);
  for (ssize_t at = 0; at < count; at += 1) sprintf(look->content + 2 * at, "%02x", bytes[at]);
}

static void write_down(int file, const struct look *look) {
  char link[64], path[1024], line[1400];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0 || look->stat.st_size < 0) return;
  path[length] = 0;
  int written = snprintf(line, sizeof line, "%llu %lld %s %s\n",
                         (unsigned long long)look->stat.st_ino,
                         (long long)look->stat.st_size, path, look->content);
  if (write(synced_file, line, written) != written) abort();
}

static int sync_with(int (*real)(int), int file) {
  if (control != NULL && control[2] > 0) usleep((useconds_t)control[2] * 1000);
  if (fails()) {
    errno = EIO;
    return -1;
  }
  if (synced_file < 0) return real(file);
  struct look look;
  look_at(file, &look);
  int outcome = real(file);
  if (outcome == 0 && S_ISREG(look.stat.st_mode)) write_down(file, &look);
  return outcome;
}

int fdatasync(int file) { return sync_with(real_fdatasync, file); }

int fsync(int file) { return sync_with(real_fsync, file); }

int connect(int file, const struct sockaddr *address, socklen_t length) {
  const char *routes = getenv("HOLDFAST_FAULT_ROUTES");
  if (routes == NULL || address->sa_family != AF_INET) return real_connect(file, address, length);
  struct sockaddr_in changed = *(const struct sockaddr_in *)address;
  if (changed.sin_addr.s_addr != htonl(INADDR_LOOPBACK)) {
    return real_connect(file, address, length);
  }
  char wanted[16];
  snprintf(wanted, sizeof wanted, "%d=", ntohs(changed.sin_port));
  for (const char *at = routes; at != NULL && *at != 0;) {
    if (strncmp(at, wanted, strlen(wanted)) == 0) {
      changed.sin_port = htons((uint16_t)atoi(at + strlen(wanted)));
      break;
    }
    at = strchr(at, ',');
    if (at != NULL) at += 1;
  }
  return real_connect(file, (struct sockaddr *)&changed, length);
}
