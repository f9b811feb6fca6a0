/*
 * Stands in for a program that has to be a binary: becomes the shell script of its own name in the directory of
 * $FAULTS_PROGRAMS, with its own arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments) {
  const char *directory = getenv("FAULTS_PROGRAMS");
  const char *slash = strrchr(arguments[0], '/');
  const char *name = slash == NULL ? arguments[0] : slash + 1;
  char path[4096];
  if (directory == NULL || snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path) return 126;
  char **words = calloc(count + 2, sizeof *words);
  if (words == NULL) return 126;
  words[0] = "/bin/sh";
  words[1] = path;
  for (int at = 1; at < count; at++) words[at + 1] = arguments[at];
  execv("/bin/sh", words);
  return 127;
}
