#!/bin/sh
# Stands in for the kube-up scripts, gcloud, kubectl and make: writes down how it was called and keeps a table of what
# is in the project, a file for each thing. What goes wrong is in the file do-NAME, a line for each call to come:
# fail WORDS, hang, stubborn, killed, leak, or ok.
state=$(cat "$(dirname "$0")/.state")
name=$(basename "$0" .sh)
echo "$name $*" >>"$state/calls"
env >"$state/env-$name"

todo=ok
if [ -s "$state/do-$name" ]; then
  todo=$(head -n 1 "$state/do-$name")
  sed -i 1d "$state/do-$name"
fi
prefix=${KUBE_GCE_INSTANCE_PREFIX:-}
network=${KUBE_GCE_NETWORK:-}
zone=${KUBE_GCE_ZONE:-us-central1-b}

# make KIND NAME PLACE: puts a thing into the project. The place is zone=Z, region=R or -.
make_thing() { echo "$3 $network" >"$state/table/$1@$2"; }

# What can go wrong everywhere.
misbehave() {
  case $todo in
  fail*) echo "${todo#fail }" >&2; exit 1 ;;
  killed) kill -KILL $$ ;;
  hang)
    trap 'echo "$name got SIGINT" >>"$state/calls"; kill $!; exit 130' INT TERM
    sleep 1000 &
    echo "$name hangs" >>"$state/calls"
    wait ;;
  stubborn)
    trap '' INT TERM
    echo "$name hangs" >>"$state/calls"
    sleep 1000 ;;
  esac
}

case $name in
get-kube)
  misbehave
  from=$KUBERNETES_RELEASE_URL/$KUBERNETES_RELEASE
  for part in "server-linux-${KUBERNETES_SERVER_ARCH-amd64}" \
    "client-${KUBERNETES_CLIENT_OS-linux}-${KUBERNETES_CLIENT_ARCH-amd64}"; do
    curl -fsS "$from/kubernetes-$part.tar.gz" -o "kubernetes-$part.tar.gz" || exit 1
  done
  sha256sum kubernetes*.tar.gz >"$state/got-kube"
  mkdir -p kubernetes/client/bin
  echo "$KUBERNETES_RELEASE" >kubernetes/version ;;
kube-up)
  mkdir -p "$state/tars"
  echo "$prefix" >"$state/tars/server.tar.gz"
  make_thing networks "$network" -
  make_thing instances "$prefix-master" "zone=$zone"
  make_thing disks "$prefix-master-pd" "zone=$zone"
  misbehave
  make_thing instances "$prefix-minion-group-1" "zone=$zone"
  make_thing 'instance-groups managed' "$prefix-minion-group" "zone=$zone"
  make_thing instance-templates "$prefix-minion-template" -
  make_thing addresses "$prefix-master-ip" "region=${zone%-*}"
  make_thing firewall-rules "$prefix-minion-all" -
  cp "$state/kubeconfig" "$KUBECONFIG" ;;
kube-down)
  misbehave
  for thing in "$state/table/"*"@$prefix"*; do
    case $todo:$thing in
    leak:*/disks@* | leak:*/networks@*) ;;
    *) rm -f "$thing" ;;
    esac
  done
  if [ "$todo" = leak ]; then make_thing firewall-rules k8s-fw-of-a-service -; fi ;;
log-dump)
  misbehave
  echo booted >"$1/serial.log" ;;
kubectl)
  misbehave
  echo '{"kind": "List"}' ;;
make)
  misbehave ;;
gcloud)
  misbehave
  # storage rm gs://BUCKET/FOLDER/**
  if [ "$1" = storage ]; then
    case $(ls "$state/tars" 2>/dev/null) in
    '') echo 'The following URLs matched no objects or files' >&2; exit 1 ;;
    *) rm "$state/tars"/* ;;
    esac
  fi
  [ "$1" = compute ] || exit 0
  shift
  kind=$1
  shift
  case $1 in managed | unmanaged | subnets) kind="$kind $1"; shift ;; esac
  verb=$1
  shift
  case $verb in
  list)
    printf '['
    comma=
    for thing in "$state/table/$kind@"*; do
      [ -e "$thing" ] || continue
      read -r place net <"$thing"
      printf '%s{"name":"%s","network":"https://compute/networks/%s"' "$comma" "${thing##*@}" "$net"
      case $place in *=*) printf ',"%s":"https://compute/%s"' "${place%%=*}" "${place#*=}" ;; esac
      printf '}'
      comma=,
    done
    echo ']' ;;
  create)
    for last; do [ "$last" = --quiet ] || thing=$last; done
    network=${thing%-minion-nodeports}
    make_thing "$kind" "$thing" - ;;
  delete)
    missing=
    for word; do
      case $word in --project) continue ;; --* | p-1 | leased-*) continue ;; esac
      if [ -e "$state/refuse-$kind" ]; then echo "$word is in use" >&2; exit 1; fi
      if [ "$kind" = networks ] && grep -l " $word\$" "$state/table/"* | grep -qv "/networks@"; then
        echo "The network resource '$word' is already being used" >&2
        exit 1
      fi
      if [ -e "$state/table/$kind@$word" ]; then rm "$state/table/$kind@$word"; else missing=$word; fi
    done
    if [ -n "$missing" ]; then echo "The resource '$missing' was not found" >&2; exit 1; fi ;;
  esac ;;
esac
