/*
 * Preloaded into a program, makes its N-th operation on files fail, write less than asked, or be its last.
 *
 * Only the process it is preloaded into is concerned: the variables are taken out of its environment at once, so no
 * child inherits them, and a child between fork and exec is let through. Counted are the operations on paths below the
 * directories of FAULTS_BELOW, and those on regular files and directories that were opened there; pipes and sockets are
 * not. An operation is what the program asks of libc: what libc does inside one call is part of that call.
 *
 *   FAULTS_BELOW    directories, absolute, separated by colons
 *   FAULTS_MODE     record, enospc, eio, erofs, short, kill, or orphan: the end of the process, some time after an
 *                   operation that starts a child, which is then at work
 *   FAULTS_AT       the number of the first operation concerned, from 1 on
 *   FAULTS_LASTING  1: every operation from there on that can fail in this way; 0: the first one alone
 *   FAULTS_COUNTER  a file of 16 bytes: how many operations there were, and whether one was hit; several processes that
 *                   follow each other count on in it
 *   FAULTS_TRACE    a file to which each operation is appended: number, 1 if it was hit, name, kinds, path
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* What an operation is, one letter each in the trace; it decides which modes can hit it. */
enum { CREATES = 1, WRITES = 2, REMOVES = 4, CHANGES = 8, SYNCS = 16, READS = 32, STARTS = 64 };
static const char letters[] = "cwdmsrx";
#define ALTERS (CREATES | WRITES | REMOVES | CHANGES | SYNCS)

enum mode { RECORD, ENOSPC_, EIO_, EROFS_, SHORT_, KILL_, ORPHAN_ };
static const char *const names[] = {"record", "enospc", "eio", "erofs", "short", "kill", "orphan"};
static const int kinds_hit[] = {0, CREATES | WRITES | SYNCS, ALTERS | READS, ALTERS, WRITES, ALTERS, STARTS};
/* How long a child works until its parent dies, in nanoseconds. */
#define CHILD_ALONE 150000000

struct shared {
  uint64_t count;
  uint64_t hit;
};

#define MAX_FD 4096
static struct {
  int on;
  enum mode mode;
  uint64_t at;
  int lasting;
  pid_t pid;
  int trace;
  char *below;
  struct shared *shared;
  char cwd[PATH_MAX];
  unsigned char tracked[MAX_FD];
} faults;

static int is_mode(const char *text) {
  for (int mode = RECORD; mode <= ORPHAN_; mode++)
    if (text != NULL && strcmp(text, names[mode]) == 0) return mode;
  return -1;
}

/* A program that is not watched as it should be must not look as if it were: it does not run. */
static void refuse(const char *what) {
  dprintf(2, "faulty-files: %s\n", what);
  _exit(125);
}

__attribute__((constructor)) static void begin(void) {
  const char *below = getenv("FAULTS_BELOW");
  const char *counter = getenv("FAULTS_COUNTER");
  const char *trace = getenv("FAULTS_TRACE");
  const char *at = getenv("FAULTS_AT");
  const char *lasting = getenv("FAULTS_LASTING");
  int mode = is_mode(getenv("FAULTS_MODE"));
  if (below == NULL) return;
  if (counter == NULL || trace == NULL || at == NULL || lasting == NULL || mode < 0) refuse("a variable is missing");
  int fd = syscall(SYS_openat, AT_FDCWD, counter, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) refuse("FAULTS_COUNTER cannot be opened");
  faults.shared = mmap(NULL, sizeof *faults.shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (faults.shared == MAP_FAILED) refuse("FAULTS_COUNTER cannot be mapped");
  syscall(SYS_close, fd);
  fd = syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  /* Out of the way of the numbers that the program would see without us. */
  faults.trace = syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900);
  if (faults.trace < 0) refuse("FAULTS_TRACE cannot be opened");
  syscall(SYS_close, fd);
  if (syscall(SYS_getcwd, faults.cwd, sizeof faults.cwd) < 0) refuse("no working directory");
  faults.below = strdup(below);
  faults.mode = mode;
  faults.at = strtoull(at, NULL, 10);
  faults.lasting = *lasting == '1';
  faults.pid = getpid();
  faults.on = 1;
  static const char *const ours[] = {"LD_PRELOAD",     "FAULTS_BELOW",   "FAULTS_MODE", "FAULTS_AT",
                                     "FAULTS_LASTING", "FAULTS_COUNTER", "FAULTS_TRACE"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) unsetenv(ours[i]);
}

static int watching(void) { return faults.on && getpid() == faults.pid; }

static int fd_tracked(int fd) { return fd >= 0 && fd < MAX_FD && faults.tracked[fd]; }

static int is_below(const char *path) {
  for (const char *root = faults.below; *root;) {
    size_t length = strcspn(root, ":");
    if (length > 0 && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0)) return 1;
    root += length + (root[length] == ':');
  }
  return 0;
}

/* The path in full, in `full`; NULL when it is not one of those that are watched. */
static const char *watched(int dirfd, const char *path, char *full) {
  if (path == NULL) return NULL;
  if (*path == '/') return is_below(path) ? path : NULL;
  if (dirfd == AT_FDCWD) {
    if (snprintf(full, PATH_MAX, "%s/%s", faults.cwd, path) >= PATH_MAX) return NULL;
    return is_below(full) ? full : NULL;
  }
  if (!fd_tracked(dirfd)) return NULL;
  return snprintf(full, PATH_MAX, "<%d>/%s", dirfd, path) < PATH_MAX ? full : NULL;
}

static void note(uint64_t number, int hit, const char *name, int kinds, const char *path) {
  char line[PATH_MAX + 128];
  char letter[8] = "";
  for (int bit = 0, at = 0; bit < 7; bit++)
    if (kinds & 1 << bit) letter[at++] = letters[bit];
  int length = snprintf(line, sizeof line, "%llu\t%d\t%s\t%s\t%s\n", (unsigned long long)number, hit, name, letter, path);
  if (length > (int)sizeof line - 1) length = sizeof line - 1;
  syscall(SYS_write, faults.trace, line, length);
}

#define SHORTENED (-1)

static void die(void) {
  for (;;) {
    kill(faults.pid, SIGKILL);
    pause();
  }
}

static void *die_soon(void *unused) {
  nanosleep(&(struct timespec){.tv_nsec = CHILD_ALONE}, NULL);
  die();
  return unused;
}

/* Counts one operation. 0 lets it through, SHORTENED has it write less, else it fails with that errno. */
static int met(const char *name, int kinds, const char *path) {
  uint64_t number = __atomic_add_fetch(&faults.shared->count, 1, __ATOMIC_SEQ_CST);
  int hit = (kinds & kinds_hit[faults.mode]) != 0 && number >= faults.at;
  if (hit) hit = __atomic_exchange_n(&faults.shared->hit, 1, __ATOMIC_SEQ_CST) == 0 || faults.lasting;
  note(number, hit, name, kinds, path);
  if (!hit) return 0;
  switch (faults.mode) {
  case ENOSPC_: return ENOSPC;
  case EIO_: return EIO;
  case EROFS_: return EROFS;
  case SHORT_: return SHORTENED;
  case KILL_: die(); break;
  case ORPHAN_: {
    pthread_t thread;
    if (pthread_create(&thread, NULL, die_soon, NULL) != 0) die();
    break;
  }
  case RECORD: break;
  }
  return 0;
}

static int met_fd(const char *name, int kinds, int fd) {
  char link[32];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlink, link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  return met(name, kinds, path);
}

/*
 * Remembers of a new descriptor whether its operations count. Pipes are not for us: what is read from them comes from
 * children, when it comes.
 */
static void track(int fd, int counts) {
  struct stat found;
  if (fd < 0 || fd >= MAX_FD || !watching()) return;
  faults.tracked[fd] =
      counts && syscall(SYS_fstat, fd, &found) == 0 && (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode));
}

#define REAL(type, name, ...)                                                                                          \
  static type (*real)(__VA_ARGS__);                                                                                    \
  if (real == NULL) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define FAIL(code, value)                                                                                              \
  do {                                                                                                                 \
    int error_ = (code);                                                                                               \
    if (error_ > 0) {                                                                                                  \
      errno = error_;                                                                                                  \
      return value;                                                                                                    \
    }                                                                                                                  \
  } while (0)

/* Counts an operation on a path, and returns from the function that it is in when it is to fail. */
#define ON_PATH(name, kinds, dirfd, path, value)                                                                       \
  char full_[PATH_MAX];                                                                                                \
  const char *seen_ = watching() ? watched(dirfd, path, full_) : NULL;                                                 \
  if (seen_ != NULL) FAIL(met(name, kinds, seen_), value)

/* The same of two paths, either of which may be watched. */
#define ON_PATHS(name, kinds, fromfd, from, tofd, to, value)                                                           \
  char full_[PATH_MAX];                                                                                                \
  const char *seen_ = watching() ? watched(tofd, to, full_) : NULL;                                                    \
  if (seen_ == NULL && watching()) seen_ = watched(fromfd, from, full_);                                               \
  if (seen_ != NULL) FAIL(met(name, kinds, seen_), value)

#define ON_FD(name, kinds, fd, value)                                                                                  \
  if (fd_tracked(fd) && watching()) FAIL(met_fd(name, kinds, fd), value)

/* What is there already cannot be made again: the kernel says so before it looks for space or at the mount. */
static int kinds_of_making(const char *path) {
  struct stat found;
  return syscall(SYS_stat, path, &found) == 0 ? READS : CREATES;
}

/* ---- opening ---- */

static int kinds_of_open(const char *path, int flags) {
  struct stat found;
  if ((flags & O_CREAT) && syscall(SYS_stat, path, &found) != 0) return CREATES;
  if ((flags & O_CREAT) && (flags & O_EXCL)) return READS;
  return (flags & (O_WRONLY | O_RDWR | O_TRUNC)) ? CHANGES : READS;
}

#define OPEN_BODY(name, dirfd, call)                                                                                   \
  mode_t mode = 0;                                                                                                     \
  if (flags & (O_CREAT | O_TMPFILE)) {                                                                                 \
    va_list more;                                                                                                      \
    va_start(more, flags);                                                                                             \
    mode = va_arg(more, mode_t);                                                                                       \
    va_end(more);                                                                                                      \
  }                                                                                                                    \
  ON_PATH(name, kinds_of_open(path, flags), dirfd, path, -1);                                                          \
  int fd = call;                                                                                                       \
  track(fd, seen_ != NULL);                                                                                            \
  return fd;

int open(const char *path, int flags, ...) {
  REAL(int, "open", const char *, int, ...);
  OPEN_BODY("open", AT_FDCWD, real(path, flags, mode))
}
int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  OPEN_BODY("open", AT_FDCWD, real(path, flags, mode))
}
int openat(int dirfd, const char *path, int flags, ...) {
  REAL(int, "openat", int, const char *, int, ...);
  OPEN_BODY("openat", dirfd, real(dirfd, path, flags, mode))
}
int openat64(int dirfd, const char *path, int flags, ...) {
  REAL(int, "openat64", int, const char *, int, ...);
  OPEN_BODY("openat", dirfd, real(dirfd, path, flags, mode))
}

int close(int fd) {
  REAL(int, "close", int);
  track(fd, 0);
  return real(fd);
}

int closedir(DIR *directory) {
  REAL(int, "closedir", DIR *);
  track(dirfd(directory), 0);
  return real(directory);
}

int dup(int fd) {
  REAL(int, "dup", int);
  int copy = real(fd);
  track(copy, fd_tracked(fd));
  return copy;
}
int dup2(int fd, int to) {
  REAL(int, "dup2", int, int);
  int copy = real(fd, to);
  track(copy, fd_tracked(fd));
  return copy;
}
int dup3(int fd, int to, int flags) {
  REAL(int, "dup3", int, int, int);
  int copy = real(fd, to, flags);
  track(copy, fd_tracked(fd));
  return copy;
}

int mkstemp64(char *template) {
  REAL(int, "mkstemp64", char *);
  ON_PATH("mkstemp", CREATES, AT_FDCWD, template, -1);
  int fd = real(template);
  track(fd, seen_ != NULL);
  return fd;
}
int mkstemp(char *template) { return mkstemp64(template); }

FILE *fopen64(const char *path, const char *mode) {
  REAL(FILE *, "fopen64", const char *, const char *);
  ON_PATH("fopen", *mode == 'r' ? READS : CREATES, AT_FDCWD, path, NULL);
  return real(path, mode);
}
FILE *fopen(const char *path, const char *mode) { return fopen64(path, mode); }

/* ---- writing: half of what is asked for, at least one byte, is what a short write takes ---- */

#define WRITE_BODY(name, short_call, call)                                                                             \
  if (fd_tracked(fd) && watching()) {                                                                                  \
    int error = met_fd(name, WRITES, fd);                                                                              \
    if (error == SHORTENED && size > 1) return short_call;                                                             \
    FAIL(error, -1);                                                                                                   \
  }                                                                                                                    \
  return call;

ssize_t write(int fd, const void *bytes, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  WRITE_BODY("write", real(fd, bytes, size / 2), real(fd, bytes, size))
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  WRITE_BODY("pwrite", real(fd, bytes, size / 2, at), real(fd, bytes, size, at))
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }

static size_t half_of_first(const struct iovec *parts) { return (parts[0].iov_len + 1) / 2; }

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  size_t size = count > 0 ? parts[0].iov_len : 0;
  WRITE_BODY("writev", write(fd, parts[0].iov_base, half_of_first(parts)), real(fd, parts, count))
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
  size_t size = count > 0 ? parts[0].iov_len : 0;
  WRITE_BODY("pwritev", pwrite64(fd, parts[0].iov_base, half_of_first(parts), at), real(fd, parts, count, at))
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }

ssize_t sendfile64(int fd, int from, off64_t *at, size_t size) {
  REAL(ssize_t, "sendfile64", int, int, off64_t *, size_t);
  WRITE_BODY("sendfile", real(fd, from, at, size / 2), real(fd, from, at, size))
}
ssize_t sendfile(int fd, int from, off_t *at, size_t size) { return sendfile64(fd, from, at, size); }

ssize_t copy_file_range(int from, off64_t *at, int fd, off64_t *to, size_t size, unsigned flags) {
  REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned);
  WRITE_BODY("copy_file_range", real(from, at, fd, to, size / 2, flags), real(from, at, fd, to, size, flags))
}

/* FICLONE, a copy that shares its blocks. */
int ioctl(int fd, unsigned long request, ...) {
  REAL(int, "ioctl", int, unsigned long, ...);
  va_list more;
  va_start(more, request);
  void *argument = va_arg(more, void *);
  va_end(more);
  if (request == 0x40049409) ON_FD("clone", WRITES, fd, -1);
  return real(fd, request, argument);
}

/* ---- everything else that changes something ---- */

#define PATH1(name, kinds, parameters, types, arguments)                                                               \
  int name parameters {                                                                                                \
    REAL(int, #name, types);                                                                                           \
    ON_PATH(#name, kinds, AT_FDCWD, path, -1);                                                                         \
    return real arguments;                                                                                             \
  }
#define COMMA ,
#define PATH1AT(name, kinds, parameters, types, arguments)                                                             \
  int name parameters {                                                                                                \
    REAL(int, #name, types);                                                                                           \
    ON_PATH(#name, kinds, dirfd, path, -1);                                                                            \
    return real arguments;                                                                                             \
  }
#define FD1(name, kinds, parameters, types, arguments)                                                                 \
  int name parameters {                                                                                                \
    REAL(int, #name, types);                                                                                           \
    ON_FD(#name, kinds, fd, -1);                                                                                       \
    return real arguments;                                                                                             \
  }

PATH1(mkdir, kinds_of_making(seen_), (const char *path, mode_t mode), const char * COMMA mode_t, (path, mode))
PATH1AT(mkdirat, CREATES, (int dirfd, const char *path, mode_t mode), int COMMA const char * COMMA mode_t, (dirfd, path, mode))
PATH1(unlink, REMOVES, (const char *path), const char *, (path))
PATH1AT(unlinkat, REMOVES, (int dirfd, const char *path, int flags), int COMMA const char * COMMA int, (dirfd, path, flags))
PATH1(rmdir, REMOVES, (const char *path), const char *, (path))
PATH1(remove, REMOVES, (const char *path), const char *, (path))
PATH1(chmod, CHANGES, (const char *path, mode_t mode), const char * COMMA mode_t, (path, mode))
PATH1AT(fchmodat, CHANGES, (int dirfd, const char *path, mode_t mode, int flags), int COMMA const char * COMMA mode_t COMMA int, (dirfd, path, mode, flags))
PATH1(chown, CHANGES, (const char *path, uid_t user, gid_t group), const char * COMMA uid_t COMMA gid_t, (path, user, group))
PATH1(lchown, CHANGES, (const char *path, uid_t user, gid_t group), const char * COMMA uid_t COMMA gid_t, (path, user, group))
PATH1AT(utimensat, CHANGES, (int dirfd, const char *path, const struct timespec times[2], int flags), int COMMA const char * COMMA const struct timespec * COMMA int, (dirfd, path, times, flags))
PATH1(utimes, CHANGES, (const char *path, const struct timeval times[2]), const char * COMMA const struct timeval *, (path, times))
PATH1(truncate, CHANGES, (const char *path, off_t size), const char * COMMA off_t, (path, size))

FD1(fchmod, CHANGES, (int fd, mode_t mode), int COMMA mode_t, (fd, mode))
FD1(fchown, CHANGES, (int fd, uid_t user, gid_t group), int COMMA uid_t COMMA gid_t, (fd, user, group))
FD1(futimens, CHANGES, (int fd, const struct timespec times[2]), int COMMA const struct timespec *, (fd, times))
FD1(ftruncate, CHANGES, (int fd, off_t size), int COMMA off_t, (fd, size))
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }
FD1(fsync, SYNCS, (int fd), int, (fd))
FD1(fdatasync, SYNCS, (int fd), int, (fd))

char *mkdtemp(char *template) {
  REAL(char *, "mkdtemp", char *);
  ON_PATH("mkdtemp", CREATES, AT_FDCWD, template, NULL);
  return real(template);
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  ON_PATHS("rename", CREATES, AT_FDCWD, from, AT_FDCWD, to, -1);
  return real(from, to);
}
int renameat(int fromfd, const char *from, int tofd, const char *to) {
  REAL(int, "renameat", int, const char *, int, const char *);
  ON_PATHS("rename", CREATES, fromfd, from, tofd, to, -1);
  return real(fromfd, from, tofd, to);
}
int link(const char *from, const char *to) {
  REAL(int, "link", const char *, const char *);
  ON_PATHS("link", kinds_of_making(to), AT_FDCWD, from, AT_FDCWD, to, -1);
  return real(from, to);
}
int symlink(const char *target, const char *path) {
  REAL(int, "symlink", const char *, const char *);
  ON_PATH("symlink", kinds_of_making(path), AT_FDCWD, path, -1);
  return real(target, path);
}

/* ---- reading and looking ---- */

ssize_t read(int fd, void *bytes, size_t size) {
  REAL(ssize_t, "read", int, void *, size_t);
  ON_FD("read", READS, fd, -1);
  return real(fd, bytes, size);
}
ssize_t pread64(int fd, void *bytes, size_t size, off64_t at) {
  REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
  ON_FD("pread", READS, fd, -1);
  return real(fd, bytes, size, at);
}
ssize_t pread(int fd, void *bytes, size_t size, off_t at) { return pread64(fd, bytes, size, at); }
ssize_t readv(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, "readv", int, const struct iovec *, int);
  ON_FD("readv", READS, fd, -1);
  return real(fd, parts, count);
}
ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t at) {
  REAL(ssize_t, "preadv64", int, const struct iovec *, int, off64_t);
  ON_FD("preadv", READS, fd, -1);
  return real(fd, parts, count, at);
}
ssize_t preadv(int fd, const struct iovec *parts, int count, off_t at) { return preadv64(fd, parts, count, at); }

PATH1(access, READS, (const char *path, int mode), const char * COMMA int, (path, mode))
PATH1AT(faccessat, READS, (int dirfd, const char *path, int mode, int flags), int COMMA const char * COMMA int COMMA int, (dirfd, path, mode, flags))

ssize_t readlink(const char *path, char *target, size_t size) {
  REAL(ssize_t, "readlink", const char *, char *, size_t);
  ON_PATH("readlink", READS, AT_FDCWD, path, -1);
  return real(path, target, size);
}
char *realpath(const char *path, char *full) {
  REAL(char *, "realpath", const char *, char *);
  ON_PATH("realpath", READS, AT_FDCWD, path, NULL);
  return real(path, full);
}
int scandir64(const char *path, struct dirent64 ***list, int (*filter)(const struct dirent64 *),
              int (*compare)(const struct dirent64 **, const struct dirent64 **)) {
  REAL(int, "scandir64", const char *, struct dirent64 ***, int (*)(const struct dirent64 *),
       int (*)(const struct dirent64 **, const struct dirent64 **));
  ON_PATH("scandir", READS, AT_FDCWD, path, -1);
  return real(path, list, filter, compare);
}
DIR *opendir(const char *path) {
  REAL(DIR *, "opendir", const char *);
  ON_PATH("opendir", READS, AT_FDCWD, path, NULL);
  return real(path);
}

/* stat in the forms that programs built for older and newer libcs call it by. */
#define STAT(name, type)                                                                                               \
  int name(const char *path, struct type *found) {                                                                     \
    REAL(int, #name, const char *, struct type *);                                                                     \
    ON_PATH("stat", READS, AT_FDCWD, path, -1);                                                                        \
    return real(path, found);                                                                                          \
  }
#define XSTAT(name, type)                                                                                              \
  int name(int version, const char *path, struct type *found) {                                                        \
    REAL(int, #name, int, const char *, struct type *);                                                                \
    ON_PATH("stat", READS, AT_FDCWD, path, -1);                                                                        \
    return real(version, path, found);                                                                                 \
  }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)
XSTAT(__xstat, stat)
XSTAT(__xstat64, stat64)
XSTAT(__lxstat, stat)
XSTAT(__lxstat64, stat64)

/* Node starts its children by fork. */
pid_t fork(void) {
  REAL(pid_t, "fork", void);
  if (watching()) met("fork", STARTS, "-");
  return real();
}

/* What is asked of the kernel by its number: libuv does so for close, statx and copy_file_range. */
long syscall(long number, ...) {
  REAL(long, "syscall", long, ...);
  va_list more;
  va_start(more, number);
  long a = va_arg(more, long), b = va_arg(more, long), c = va_arg(more, long);
  long d = va_arg(more, long), e = va_arg(more, long), f = va_arg(more, long);
  va_end(more);
  if (faults.on && number == SYS_close) {
    track((int)a, 0);
  } else if (faults.on && number == SYS_statx) {
    if (*(const char *)b != 0) {
      ON_PATH("stat", READS, (int)a, (const char *)b, -1);
    } else {
      ON_FD("fstat", READS, (int)a, -1);
    }
  } else if (faults.on && number == SYS_copy_file_range && fd_tracked((int)c) && watching()) {
    int error = met_fd("copy_file_range", WRITES, (int)c);
    if (error == SHORTENED && e > 1) e /= 2;
    FAIL(error, -1);
  } else if (faults.on && number == SYS_renameat2) {
    ON_PATHS("rename", CREATES, (int)a, (const char *)b, (int)c, (const char *)d, -1);
  } else if (faults.on && number == SYS_io_uring_setup) {
    /* What goes through a ring would go past us: the answer is that the kernel has none. */
    errno = ENOSYS;
    return -1;
  }
  return real(number, a, b, c, d, e, f);
}
