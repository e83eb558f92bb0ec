// NCCL as device.cuda calls it, for GPUs of one process: libnccl.so.2 for tests. Bytes that a rank sends wait in the
// group until they are taken; an exchange is done when all that it sends was taken and all that it receives is there, or
// when its communicator is aborted.

#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "other.h"

namespace {

enum { SUCCESS = 0, UNHANDLED_CUDA = 1, INVALID_ARGUMENT = 4, INVALID_USAGE = 5 };

// CUresult
enum { NOT_READY = 600 };

struct Id {
  char bytes[128];
};

struct Letter {
  std::vector<char> bytes;
};

struct Group {
  int size;
  int ranks = 0;
  // what is under way, by sender and receiver
  std::map<std::pair<int, int>, std::deque<std::shared_ptr<Letter>>> letters;
};

struct Communicator {
  std::shared_ptr<Group> group;
  int rank;
};

struct Part {
  char* place;
  size_t bytes;
  int peer;
};

// What was started between the beginning and the end of a group of calls.
struct Exchange {
  Communicator* communicator;
  std::vector<Part> sent, received;
  std::vector<std::weak_ptr<Letter>> posted;
  bool isPosted = false;
};

std::set<Communicator*> communicators;
std::map<std::string, std::shared_ptr<Group>> groups;
std::condition_variable arrival;
int drawn = 0;
std::map<int, std::shared_ptr<Exchange>> exchanges;
int begun = 0;

thread_local std::shared_ptr<Exchange> starting;
thread_local void* on = nullptr;

// Every byte of an id is another one, so that none is lost on its way.
std::string idOf(int number) {
  std::string id(sizeof(Id), 0);
  for (size_t i = 0; i < id.size(); i++) id[i] = (char)(i * 37 + 11 * number);
  return id;
}

int post(Exchange& exchange) {
  Group& group = *exchange.communicator->group;
  for (Part& part : exchange.sent) {
    if (int status = hostDriverHas((uintptr_t)part.place, part.bytes)) return status;
    auto letter = std::make_shared<Letter>();
    letter->bytes.assign(part.place, part.place + part.bytes);
    exchange.posted.push_back(letter);
    group.letters[{exchange.communicator->rank, part.peer}].push_back(std::move(letter));
  }
  exchange.isPosted = true;
  return 0;
}

int receive(Exchange& exchange) {
  Group& group = *exchange.communicator->group;
  while (!exchange.received.empty()) {
    Part part = exchange.received.front();
    auto& letters = group.letters[{part.peer, exchange.communicator->rank}];
    if (letters.empty()) return NOT_READY;
    if (int status = hostDriverHas((uintptr_t)part.place, part.bytes)) return status;
    // other lengths: a real one hangs
    if (letters.front()->bytes.size() != part.bytes) return NOT_READY;
    std::memcpy(part.place, letters.front()->bytes.data(), part.bytes);
    letters.pop_front();
    exchange.received.erase(exchange.received.begin());
  }
  for (auto& letter : exchange.posted) {
    if (!letter.expired()) return NOT_READY;
  }
  return 0;
}

int run(void* number) {
  ALONE;
  std::shared_ptr<Exchange> exchange = exchanges[*(int*)number];
  int status = 0;
  if (communicators.count(exchange->communicator) != 0) {
    if (!exchange->isPosted) status = post(*exchange);
    if (status == 0) status = receive(*exchange);
  }
  if (status != NOT_READY) exchanges.erase(*(int*)number);
  return status;
}

int add(bool isSent, Part part, int type, Communicator* communicator, void* stream) {
  ALONE;
  if (communicators.count(communicator) == 0 || type != 0) return INVALID_ARGUMENT;
  if (part.peer < 0 || part.peer >= communicator->group->size) return INVALID_ARGUMENT;
  if (!starting) return INVALID_USAGE;
  starting->communicator = communicator;
  on = stream;
  (isSent ? starting->sent : starting->received).push_back(part);
  return SUCCESS;
}

}  // namespace

EXPORTED int hostNcclHeld() {
  ALONE;
  return (int)(communicators.size() + exchanges.size());
}

EXPORTED int ncclGetVersion(int* version) {
  *version = 22809;
  return SUCCESS;
}

EXPORTED const char* ncclGetErrorString(int status) { return status == SUCCESS ? "no error" : "an error"; }

EXPORTED const char* ncclGetLastError(void*) { return "of the library for tests"; }

EXPORTED int ncclGetUniqueId(Id* id) {
  ALONE;
  std::memcpy(id->bytes, idOf(++drawn).data(), sizeof id->bytes);
  return SUCCESS;
}

// Returns when all ranks are there.
EXPORTED int ncclCommInitRank(Communicator** made, int size, Id id, int rank) {
  size_t free, total;
  if (cuMemGetInfo_v2(&free, &total) != 0) return UNHANDLED_CUDA;
  std::unique_lock<std::mutex> alone(calls);
  std::string name(id.bytes, sizeof id.bytes);
  bool isKnown = false;
  for (int number = 1; number <= drawn; number++) isKnown |= name == idOf(number);
  if (!isKnown || rank < 0 || rank >= size) return INVALID_ARGUMENT;
  std::shared_ptr<Group>& group = groups[name];
  if (!group) group.reset(new Group{size, 0, {}});
  if (group->size != size || group->ranks == size) return INVALID_ARGUMENT;
  group->ranks++;
  *made = *communicators.insert(new Communicator{group, rank}).first;
  arrival.notify_all();
  std::shared_ptr<Group> ours = group;
  arrival.wait(alone, [&]() { return ours->ranks == size; });
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
  starting = std::make_shared<Exchange>();
  return SUCCESS;
}

EXPORTED int ncclSend(const void* from, size_t bytes, int type, int peer, Communicator* communicator, void* stream) {
  return add(true, {(char*)from, bytes, peer}, type, communicator, stream);
}

EXPORTED int ncclRecv(void* to, size_t bytes, int type, int peer, Communicator* communicator, void* stream) {
  return add(false, {(char*)to, bytes, peer}, type, communicator, stream);
}

EXPORTED int ncclGroupEnd() {
  std::shared_ptr<Exchange> ended = std::move(starting);
  if (!ended) return INVALID_USAGE;
  if (ended->sent.empty() && ended->received.empty()) return SUCCESS;
  int number;
  {
    ALONE;
    number = ++begun;
    exchanges[number] = ended;
  }
  return hostDriverStart(on, run, &number, sizeof number) == 0 ? SUCCESS : UNHANDLED_CUDA;
}
