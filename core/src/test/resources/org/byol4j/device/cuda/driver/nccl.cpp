// NCCL as device.cuda calls it, for groups of one GPU that sends to itself: libnccl.so.2 for tests.

#include <cstring>
#include <set>
#include <vector>

#include "other.h"

namespace {

enum { SUCCESS = 0, UNHANDLED_CUDA = 1, INVALID_ARGUMENT = 4, INVALID_USAGE = 5 };

struct Id {
  char bytes[128];
};

struct Communicator {
  Id id;
};

struct Part {
  const void* from;
  void* to;
  size_t bytes;
};

std::set<Communicator*> communicators;
thread_local bool isGroup = false;
thread_local std::vector<Part> sent, received;
thread_local void* on = nullptr;

int move(void* what) {
  Part& part = *(Part*)what;
  if (int status = hostDriverHas((uintptr_t)part.from, part.bytes)) return status;
  if (int status = hostDriverHas((uintptr_t)part.to, part.bytes)) return status;
  std::memmove(part.to, part.from, part.bytes);
  return 0;
}

// every byte of an id is another one, so that none is lost on its way
char byteOf(int i) { return (char)(i * 37 + 11); }

int add(std::vector<Part>& to, Part part, int type, int peer, Communicator* communicator, void* stream) {
  ALONE;
  if (communicators.count(communicator) == 0 || peer != 0 || type != 0) return INVALID_ARGUMENT;
  if (!isGroup) return INVALID_USAGE;
  on = stream;
  to.push_back(part);
  return SUCCESS;
}

}  // namespace

EXPORTED int hostNcclHeld() {
  ALONE;
  return (int)communicators.size();
}

EXPORTED int ncclGetVersion(int* version) {
  *version = 22809;
  return SUCCESS;
}

EXPORTED const char* ncclGetErrorString(int status) { return status == SUCCESS ? "no error" : "an error"; }

EXPORTED const char* ncclGetLastError(void*) { return "of the library for tests"; }

EXPORTED int ncclGetUniqueId(Id* id) {
  for (int i = 0; i < (int)sizeof id->bytes; i++) id->bytes[i] = byteOf(i);
  return SUCCESS;
}

EXPORTED int ncclCommInitRank(Communicator** made, int size, Id id, int rank) {
  ALONE;
  size_t free, total;
  if (cuMemGetInfo_v2(&free, &total) != 0) return UNHANDLED_CUDA;
  for (int i = 0; i < (int)sizeof id.bytes; i++) {
    if (id.bytes[i] != byteOf(i)) return INVALID_ARGUMENT;
  }
  if (size != 1 || rank != 0) return INVALID_ARGUMENT;
  *made = *communicators.insert(new Communicator{id}).first;
  return SUCCESS;
}

EXPORTED int ncclCommAbort(Communicator* communicator) {
  ALONE;
  if (communicators.erase(communicator) == 0) return INVALID_ARGUMENT;
  delete communicator;
  return SUCCESS;
}

EXPORTED int ncclCommGetAsyncError(Communicator* communicator, int* status) {
  ALONE;
  *status = SUCCESS;
  return communicators.count(communicator) == 0 ? INVALID_ARGUMENT : SUCCESS;
}

EXPORTED int ncclGroupStart() {
  isGroup = true;
  return SUCCESS;
}

EXPORTED int ncclSend(const void* from, size_t bytes, int type, int peer, Communicator* communicator, void* stream) {
  return add(sent, {from, nullptr, bytes}, type, peer, communicator, stream);
}

EXPORTED int ncclRecv(void* to, size_t bytes, int type, int peer, Communicator* communicator, void* stream) {
  return add(received, {nullptr, to, bytes}, type, peer, communicator, stream);
}

EXPORTED int ncclGroupEnd() {
  int status = isGroup && sent.size() == received.size() ? SUCCESS : INVALID_USAGE;
  for (size_t i = 0; status == SUCCESS && i < sent.size(); i++) {
    Part part = {sent[i].from, received[i].to, sent[i].bytes};
    if (part.bytes != received[i].bytes) status = INVALID_USAGE;
    if (status == SUCCESS && hostDriverStart(on, move, &part, sizeof part) != 0) status = UNHANDLED_CUDA;
  }
  isGroup = false;
  sent.clear();
  received.clear();
  return status;
}
