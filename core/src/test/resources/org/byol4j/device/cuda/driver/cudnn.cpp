// The part of cuDNN's graph API that device.cuda calls, for its graphs of one convolution and of a masked gradient:
// libcudnn.so.9 for tests. It computes from the definition, by the functions that a test has told it of. A descriptor
// is used after it was finished, not changed then, and what it refers to has to be there whenever it is used.

#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "other.h"

namespace {

// cudnn_graph.h
enum {
  SUCCESS = 0,
  NOT_INITIALIZED = 1001,
  BAD_PARAM = 2000,
  MISALIGNED = 2003,
  NOT_FINISHED = 2004,
  NOT_SUPPORTED = 3000,
  EXECUTION_FAILED = 5000
};
enum { TYPE_INT64 = 3, TYPE_VOID_PTR = 6, TYPE_NOTE = 11, TYPE_DESCRIPTOR = 15 };
enum Kind {
  POINTWISE = 0,
  CONVOLUTION = 1,
  ENGINE = 2,
  CONFIGURATION = 3,
  HEURISTICS = 4,
  PLAN = 5,
  FORWARD = 10,
  WEIGHT_GRADIENT = 11,
  DATA_GRADIENT = 12,
  POINTWISE_OPERATION = 13,
  GRAPH = 15,
  PACK = 16,
  TENSOR = 17
};
enum {
  PRE_PADDINGS = 105,
  STRIDES = 102 + 1,
  HEURISTICS_GRAPH = 201,
  HEURISTICS_RESULTS = 202,
  CONFIGURATION_ENGINE = 300,
  PLAN_HANDLE = 400,
  PLAN_CONFIGURATION = 401,
  PLAN_WORKSPACE = 402,
  // x and beyond, by operation
  FORWARD_CONVOLUTION = 702,
  FORWARD_W = 703,
  FORWARD_X = 704,
  FORWARD_Y = 705,
  DATA_CONVOLUTION = 708,
  DATA_W = 709,
  DATA_DX = 710,
  DATA_DY = 711,
  WEIGHTS_CONVOLUTION = 714,
  WEIGHTS_DW = 715,
  WEIGHTS_X = 716,
  WEIGHTS_DY = 717,
  GRAPH_OPERATIONS = 801,
  TENSOR_TYPE = 901,
  TENSOR_EXTENTS = 902,
  TENSOR_ID = 906,
  PACK_IDS = 1000,
  PACK_PLACES = 1001,
  PACK_WORKSPACE = 1003,
  ENGINE_INDEX = 1301,
  ENGINE_NOTES = 1303
};

constexpr int64_t WORKSPACE_BYTES = 1000;

struct Values {
  int64_t count;
  std::vector<char> bytes;
};

struct Descriptor {
  Kind kind;
  bool isFinished;
  std::map<int, Values> attributes;
};

std::set<Descriptor*> descriptors;

struct Handle {
  void* stream;
};

std::set<Handle*> handles;

// convolve and convolve_masked of host_convolution.cpp, for float32 and bfloat16
void* convolutions[2];
void* masked[2];

template <typename T>
std::vector<T> all(const Descriptor* of, int attribute) {
  auto found = of->attributes.find(attribute);
  if (found == of->attributes.end()) return {};
  std::vector<T> values(found->second.bytes.size() / sizeof(T));
  std::memcpy(values.data(), found->second.bytes.data(), values.size() * sizeof(T));
  return values;
}

template <typename T>
T one(const Descriptor* of, int attribute) {
  std::vector<T> values = all<T>(of, attribute);
  return values.empty() ? T() : values[0];
}

template <typename T>
void set(Descriptor* of, int attribute, T value) {
  Values& values = of->attributes[attribute];
  values.count = 1;
  values.bytes.assign((const char*)&value, (const char*)(&value + 1));
}

size_t bytesOfType(int type) {
  switch (type) {
    case 2:   // a truth value
    case 24:  // a character
      return 1;
    case 0:  // a handle
    case TYPE_INT64:
    case TYPE_VOID_PTR:
    case TYPE_DESCRIPTOR:
      return 8;
    default:
      return 4;
  }
}

// attributes that hold descriptors
const std::set<int> REFERENCES = {HEURISTICS_GRAPH, CONFIGURATION_ENGINE, PLAN_CONFIGURATION, 702, 703, 704, 705,
                                  708,              709,                  710,                711, 714, 715, 716,
                                  717,              750,                  751,                752, 753, 756, 757,
                                  GRAPH_OPERATIONS};

// Whether it and everything that it was built from is finished and there.
bool isWhole(Descriptor* descriptor) {
  if (descriptors.count(descriptor) == 0 || !descriptor->isFinished) return false;
  for (auto& attribute : descriptor->attributes) {
    if (REFERENCES.count(attribute.first) == 0) continue;
    for (Descriptor* part : all<Descriptor*>(descriptor, attribute.first)) {
      if (!isWhole(part)) return false;
    }
  }
  return true;
}

struct Job {
  void* function;
  int direction;
  void* places[5];
  size_t bytes[5];
  int tensors;
  int extents[11];
  void* workspace;
  int64_t workspaceBytes;
};

int run(void* what) {
  Job& job = *(Job*)what;
  for (int i = 0; i < job.tensors; i++) {
    if (int status = hostDriverHas((uintptr_t)job.places[i], job.bytes[i])) return status;
  }
  if (job.workspaceBytes > 0) {
    if (int status = hostDriverHas((uintptr_t)job.workspace, job.workspaceBytes)) return status;
    std::memset(job.workspace, 0xff, job.workspaceBytes);
  }
  int* e = job.extents;
  void** p = job.places;
  if (job.tensors == 3) {
    ((void (*)(int, void*, void*, void*, int, int, int, int, int, int, int, int, int, int, int))job.function)(
        job.direction, p[0], p[1], p[2], e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7], e[8], e[9], e[10]);
  } else {
    ((void (*)(void*, void*, void*, void*, void*, int, int, int, int, int, int, int, int, int, int, int))
         job.function)(p[0], p[1], p[2], p[3], p[4], e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7], e[8], e[9],
                       e[10]);
  }
  return 0;
}

// Reads a graph into a job without places; whether it is one of ours.
bool read(const Descriptor* graph, Job* job) {
  std::vector<Descriptor*> operations = all<Descriptor*>(graph, GRAPH_OPERATIONS);
  if (operations.size() != 1 && operations.size() != 3) return false;
  Descriptor* first = operations[0];
  int x, w, y, convolution;
  switch (first->kind) {
    case FORWARD:
      x = FORWARD_X, w = FORWARD_W, y = FORWARD_Y, convolution = FORWARD_CONVOLUTION;
      job->direction = 0;
      break;
    case DATA_GRADIENT:
      x = DATA_DX, w = DATA_W, y = DATA_DY, convolution = DATA_CONVOLUTION;
      job->direction = 1;
      break;
    case WEIGHT_GRADIENT:
      x = WEIGHTS_X, w = WEIGHTS_DW, y = WEIGHTS_DY, convolution = WEIGHTS_CONVOLUTION;
      job->direction = 2;
      break;
    default:
      return false;
  }
  bool isMasked = operations.size() == 3;
  if (isMasked && first->kind != DATA_GRADIENT) return false;
  Descriptor* images = one<Descriptor*>(first, x);
  Descriptor* filters = one<Descriptor*>(first, w);
  Descriptor* results = one<Descriptor*>(first, y);
  auto in = all<int64_t>(images, TENSOR_EXTENTS);
  auto taps = all<int64_t>(filters, TENSOR_EXTENTS);
  auto out = all<int64_t>(results, TENSOR_EXTENTS);
  auto stride = all<int64_t>(one<Descriptor*>(first, convolution), STRIDES);
  auto before = all<int64_t>(one<Descriptor*>(first, convolution), PRE_PADDINGS);
  if (in.size() != 4 || taps.size() != 4 || out.size() != 4 || stride.size() != 2 || before.size() != 2) return false;
  bool isHalf = one<int>(filters, TENSOR_TYPE) == 9;
  job->function = (isMasked ? masked : convolutions)[isHalf];
  int64_t extents[] = {in[0], in[2], in[3], in[1], out[2], out[3], out[1], taps[2], stride[0], before[0], before[1]};
  for (int i = 0; i < 11; i++) job->extents[i] = (int)extents[i];
  size_t element = isHalf ? 2 : 4;
  job->tensors = isMasked ? 5 : 3;
  job->bytes[0] = job->bytes[3] = job->bytes[4] = element * in[0] * in[1] * in[2] * in[3];
  job->bytes[1] = element * taps[0] * taps[1] * taps[2] * taps[3];
  job->bytes[2] = element * out[0] * out[1] * out[2] * out[3];
  return job->function != nullptr;
}

Descriptor* graphOf(Descriptor* configuration) { return one<Descriptor*>(configuration, HEURISTICS_GRAPH); }

// Two ways, of which the second works on memory besides.
void fill(Descriptor* configuration, Descriptor* graph, int64_t engine) {
  configuration->attributes.clear();
  set(configuration, HEURISTICS_GRAPH, graph);
  set(configuration, ENGINE_INDEX, engine);
  configuration->isFinished = true;
}

}  // namespace

EXPORTED void hostCudnnConvolutions(int isHalf, void* convolve, void* convolveMasked) {
  ALONE;
  convolutions[isHalf] = convolve;
  masked[isHalf] = convolveMasked;
}

// cudnnCreate ends with a status from now on; 0 for success.
EXPORTED void hostCudnnFail(int status) { failingStatus = status; }

EXPORTED int hostCudnnHeld() { return (int)(descriptors.size() + handles.size()); }

EXPORTED size_t cudnnGetVersion() { return 91900; }

EXPORTED const char* cudnnGetErrorString(int status) {
  ALONE;
  return status == SUCCESS ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS of the library for tests";
}

EXPORTED int cudnnCreate(Handle** made) {
  ALONE;
  size_t free, total;
  if (failingStatus != 0) return failingStatus;
  if (cuMemGetInfo_v2(&free, &total) != 0) return NOT_INITIALIZED;
  *made = *handles.insert(new Handle{nullptr}).first;
  return SUCCESS;
}

EXPORTED int cudnnDestroy(Handle* handle) {
  ALONE;
  if (handles.erase(handle) == 0) return BAD_PARAM;
  delete handle;
  return SUCCESS;
}

EXPORTED int cudnnSetStream(Handle* handle, void* stream) {
  ALONE;
  if (handles.count(handle) == 0) return BAD_PARAM;
  handle->stream = stream;
  return SUCCESS;
}

EXPORTED int cudnnBackendCreateDescriptor(int kind, Descriptor** made) {
  ALONE;
  *made = *descriptors.insert(new Descriptor{(Kind)kind, false, {}}).first;
  return SUCCESS;
}

EXPORTED int cudnnBackendDestroyDescriptor(Descriptor* descriptor) {
  ALONE;
  if (descriptors.erase(descriptor) == 0) return BAD_PARAM;
  delete descriptor;
  return SUCCESS;
}

EXPORTED int cudnnBackendSetAttribute(Descriptor* descriptor, int attribute, int type, int64_t count,
                                      const void* values) {
  ALONE;
  if (descriptors.count(descriptor) == 0 || descriptor->isFinished || values == nullptr) return BAD_PARAM;
  if (type == TYPE_DESCRIPTOR) {
    for (int64_t i = 0; i < count; i++) {
      if (!isWhole(((Descriptor* const*)values)[i])) return NOT_FINISHED;
    }
  }
  Values& to = descriptor->attributes[attribute];
  to.count = count;
  to.bytes.assign((const char*)values, (const char*)values + count * bytesOfType(type));
  return SUCCESS;
}

EXPORTED int cudnnBackendFinalize(Descriptor* descriptor) {
  ALONE;
  if (descriptors.count(descriptor) == 0 || descriptor->isFinished) return BAD_PARAM;
  descriptor->isFinished = true;
  bool isRight = isWhole(descriptor);
  Job job = {};
  if (isRight && descriptor->kind == GRAPH) isRight = read(descriptor, &job);
  if (isRight && descriptor->kind == PLAN) {
    Descriptor* configuration = one<Descriptor*>(descriptor, PLAN_CONFIGURATION);
    isRight = handles.count(one<Handle*>(descriptor, PLAN_HANDLE)) != 0 && isWhole(graphOf(configuration));
    set<int64_t>(descriptor, PLAN_WORKSPACE, one<int64_t>(configuration, ENGINE_INDEX) == 1 ? 0 : WORKSPACE_BYTES);
  }
  descriptor->isFinished = isRight;
  return isRight ? SUCCESS : NOT_SUPPORTED;
}

EXPORTED int cudnnBackendGetAttribute(Descriptor* descriptor, int attribute, int type, int64_t room, int64_t* count,
                                      void* values) {
  ALONE;
  if (!isWhole(descriptor)) return NOT_FINISHED;
  if (descriptor->kind == HEURISTICS && attribute == HEURISTICS_RESULTS) {
    *count = 2;
    for (int64_t i = 0; i < room && i < 2; i++) {
      Descriptor* configuration = ((Descriptor**)values)[i];
      if (descriptors.count(configuration) == 0 || configuration->kind != CONFIGURATION) return BAD_PARAM;
      fill(configuration, one<Descriptor*>(descriptor, HEURISTICS_GRAPH), i + 1);
    }
    return SUCCESS;
  }
  if (descriptor->kind == CONFIGURATION && attribute == CONFIGURATION_ENGINE) {
    Descriptor* engine = *(Descriptor**)values;
    if (room < 1 || descriptors.count(engine) == 0 || engine->kind != ENGINE) return BAD_PARAM;
    set(engine, ENGINE_INDEX, one<int64_t>(descriptor, ENGINE_INDEX));
    engine->isFinished = true;
    *count = 1;
    return SUCCESS;
  }
  if (descriptor->kind == ENGINE && attribute == ENGINE_NOTES && type == TYPE_NOTE) {
    *count = 0;
    return SUCCESS;
  }
  auto found = descriptor->attributes.find(attribute);
  if (found == descriptor->attributes.end() || room < found->second.count) return BAD_PARAM;
  *count = found->second.count;
  std::memcpy(values, found->second.bytes.data(), found->second.bytes.size());
  return SUCCESS;
}

EXPORTED int cudnnBackendExecute(Handle* handle, Descriptor* plan, Descriptor* pack) {
  ALONE;
  if (handles.count(handle) == 0 || !isWhole(plan) || !isWhole(pack)) return BAD_PARAM;
  if (plan->kind != PLAN || pack->kind != PACK || one<Handle*>(plan, PLAN_HANDLE) != handle) return BAD_PARAM;
  Descriptor* graph = graphOf(one<Descriptor*>(plan, PLAN_CONFIGURATION));
  Job job = {};
  if (!isWhole(graph) || !read(graph, &job)) return BAD_PARAM;
  std::vector<int64_t> ids = all<int64_t>(pack, PACK_IDS);
  std::vector<void*> places = all<void*>(pack, PACK_PLACES);
  if ((int)ids.size() != job.tensors || places.size() != ids.size()) return BAD_PARAM;
  for (size_t i = 0; i < ids.size(); i++) {
    if (ids[i] != (int64_t)i + 1) return BAD_PARAM;
    if ((uintptr_t)places[i] % 16 != 0) return MISALIGNED;
    job.places[i] = places[i];
  }
  job.workspace = one<void*>(pack, PACK_WORKSPACE);
  job.workspaceBytes = one<int64_t>(plan, PLAN_WORKSPACE);
  return hostDriverStart(handle->stream, run, &job, sizeof job) == 0 ? SUCCESS : EXECUTION_FAILED;
}
