// What all parts of the driver for tests share: statuses, GPUs, contexts, work and its order.

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

// CUresult of cuda.h
enum Status : int {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  INVALID_HANDLE = 400,
  ILLEGAL_STATE = 401,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  CONTEXT_IS_DESTROYED = 709,
  LAUNCH_FAILED = 719,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  CAPTURE_MERGE = 902,
  CAPTURE_UNMATCHED = 903,
  CAPTURE_UNJOINED = 904,
  CAPTURE_ISOLATION = 905,
  CAPTURED_EVENT = 907,
  CAPTURE_WRONG_THREAD = 908
};

// One call at a time, in the order in which they come: who asks again and again whether something is done lets others
// do it. Kernels run within calls.
class Turns {
  std::mutex mutex;
  std::condition_variable turn;
  uint64_t drawn = 0, served = 0;
  std::thread::id owner;
  int depth = 0;

 public:
  void lock() {
    std::unique_lock<std::mutex> alone(mutex);
    if (depth == 0 || owner != std::this_thread::get_id()) {
      uint64_t ticket = drawn++;
      turn.wait(alone, [&]() { return ticket == served; });
      owner = std::this_thread::get_id();
    }
    depth++;
  }

  void unlock() {
    std::lock_guard<std::mutex> alone(mutex);
    if (--depth == 0) {
      served++;
      turn.notify_all();
    }
  }
};

Turns calls;

// what the last error was about
std::string why;

template <typename... A>
Status refuse(Status status, const char* format, A... values) {
  char text[512];
  std::snprintf(text, sizeof text, format, values...);
  why = text;
  return status;
}

// When work runs that may run: before the call returns that starts it; when somebody waits for it or for what comes
// after it; or at some call in between.
enum Order { EARLY, LATE, SHUFFLED };

Order order = LATE;
uint64_t dice = 1;

unsigned roll(unsigned sides) {
  dice = dice * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(dice >> 33) % sides;
}

constexpr int GPUS = 4;

struct Context {
  int gpu;
  int users = 0;
  // an error of work that was run: every call in this context has it from then on
  Status broken = SUCCESS;
};

Context contexts[GPUS] = {{0}, {1}, {2}, {3}};
thread_local Context* current = nullptr;
bool initialized = false;

// Something that a stream is to do, after other work.
struct Work {
  Context* context;
  std::function<Status()> run;
  std::vector<std::shared_ptr<Work>> after;
  bool isDone = false;
};

using WorkPointer = std::shared_ptr<Work>;

std::vector<WorkPointer> undone;

// Does a piece of work and everything that it comes after, in an order that this allows. False if some of that waits for
// another GPU.
bool finish(WorkPointer what) {
  std::vector<WorkPointer> stack = {std::move(what)};
  while (!stack.empty()) {
    WorkPointer top = stack.back();
    if (!top->isDone && !top->after.empty()) {
      WorkPointer before = top->after.back();
      top->after.pop_back();
      if (!before->isDone) stack.push_back(before);
      continue;
    }
    if (!top->isDone) {
      Status status = top->run && top->context->broken == SUCCESS ? top->run() : SUCCESS;
      if (status == NOT_READY) {
        for (size_t i = 1; i < stack.size(); i++) stack[i - 1]->after.push_back(stack[i]);
        return false;
      }
      top->isDone = true;
      top->run = nullptr;
      if (status != SUCCESS) top->context->broken = status;
    }
    stack.pop_back();
  }
  return true;
}

void forgetDone() {
  std::vector<WorkPointer> left;
  for (WorkPointer& work : undone) {
    if (!work->isDone) left.push_back(std::move(work));
  }
  undone = std::move(left);
}

// What other GPUs do by themselves while this one waits for them, whether somebody waits for them or not.
void goOnElsewhere() {
  for (WorkPointer& work : std::vector<WorkPointer>(undone)) {
    if (work->context != current) finish(work);
  }
  forgetDone();
}

// The same, however long the other GPUs take: they go on meanwhile, and so do other threads' calls.
void await(const WorkPointer& what) {
  while (!finish(what)) {
    goOnElsewhere();
    calls.unlock();
    calls.lock();
  }
}

// Somebody else's time: now and then the GPU does some of what it has to do.
void passTime() {
  if (order == SHUFFLED && !undone.empty() && roll(4) == 0) {
    finish(undone[roll((unsigned)undone.size())]);
    forgetDone();
  }
}

WorkPointer start(Context* context, std::function<Status()> run, std::vector<WorkPointer> after) {
  auto work = std::make_shared<Work>();
  work->context = context;
  work->run = std::move(run);
  for (WorkPointer& before : after) {
    if (before && !before->isDone) work->after.push_back(std::move(before));
  }
  if (order != EARLY || !finish(work)) {
    if (undone.size() > 256 && roll(256) == 0) forgetDone();
    undone.push_back(work);
  }
  return work;
}

void finishAll() {
  for (WorkPointer& work : std::vector<WorkPointer>(undone)) finish(work);
  forgetDone();
}

// Failures that a test has asked for: how many calls of a function go well before one fails, and how.
struct Failure {
  int callsBefore;
  Status status;
};

std::map<std::string, Failure> failures;
std::map<std::string, long> callCounts;

Status failure(const char* function) {
  callCounts[function]++;
  auto found = failures.find(function);
  if (found == failures.end() || found->second.callsBefore-- > 0) return SUCCESS;
  Status status = found->second.status;
  failures.erase(found);
  return refuse(status, "%s fails on purpose", function);
}

Status requireContext(const char* function) {
  if (current == nullptr) return refuse(INVALID_CONTEXT, "%s without a context on this thread", function);
  if (current->users == 0) return refuse(CONTEXT_IS_DESTROYED, "%s in a context that was released", function);
  return current->broken;
}

Status begin(const char* function, bool inContext) {
  if (!initialized) return refuse(NOT_INITIALIZED, "%s before cuInit", function);
  passTime();
  if (Status status = failure(function)) return status;
  return inContext ? requireContext(function) : SUCCESS;
}

}  // namespace

// the beginning of every function
#define CALL(function)                  \
  std::lock_guard<Turns> alone(calls); \
  if (Status status = begin(function, true)) return status

#define CALL_WITHOUT_CONTEXT(function)  \
  std::lock_guard<Turns> alone(calls); \
  if (Status status = begin(function, false)) return status
