// Modules, kernels and graphs.

namespace {

// One of our kernels, compiled for the host.
struct HostKernel {
  int (*launch)(void** arguments, int order, int gridX, int gridY, int blockX, int blockY);
  int (*parameters)(int* bytes);
};

// by element, file and name
std::map<std::tuple<std::string, std::string, std::string>, HostKernel> hostKernels;

constexpr int MOST_PARAMETERS = 64;

struct Function;

struct Module {
  Context* context;
  std::string element, file;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

struct Function {
  Context* context;
  Module* module;
  std::string name;
  HostKernel kernel;
};

std::set<Module*> modules;
std::set<Function*> functions;

struct Executable {
  Context* context;
  Graph graph;
  // runs of one executable never overlap
  WorkPointer last;
};

std::set<Executable*> executables;

// What the NVRTC for tests makes: "host kernels ELEMENT FILE".
Status read(const char* image, std::string* element, std::string* file) {
  char first[16] = "", second[64] = "";
  if (std::sscanf(image, "host kernels %15s %63s", first, second) != 2) return refuse(INVALID_IMAGE, "an image of others");
  *element = first;
  *file = second;
  return SUCCESS;
}

Status requireGrid(unsigned x, unsigned y, unsigned z, unsigned blockX, unsigned blockY, unsigned blockZ) {
  bool isGrid = x >= 1 && y >= 1 && z >= 1 && x <= 0x7fffffff && y <= 65535 && z <= 65535;
  bool isBlock = blockX >= 1 && blockY >= 1 && blockZ >= 1 && blockZ <= 64 &&
                 (uint64_t)blockX * blockY * blockZ <= 1024;
  return isGrid && isBlock && z == 1 && blockZ == 1
             ? SUCCESS
             : refuse(INVALID_VALUE, "grid=%u,%u,%u block=%u,%u,%u", x, y, z, blockX, blockY, blockZ);
}

}  // namespace

EXPORTED int cuModuleLoadData(Module** made, const char* image) {
  CALL("cuModuleLoadData");
  if (Status status = requireNoCapture("cuModuleLoadData")) return status;
  auto module = std::make_unique<Module>();
  module->context = current;
  if (Status status = read(image, &module->element, &module->file)) return status;
  *made = *modules.insert(module.release()).first;
  count("modules", 1);
  return SUCCESS;
}

EXPORTED int cuModuleUnload(Module* module) {
  CALL("cuModuleUnload");
  if (Status status = requireNoCapture("cuModuleUnload")) return status;
  if (Status status = require(modules, module, "module")) return status;
  for (auto& function : module->functions) functions.erase(function.second.get());
  modules.erase(module);
  delete module;
  count("modules", -1);
  return SUCCESS;
}

EXPORTED int cuModuleGetFunction(Function** found, Module* module, const char* name) {
  CALL("cuModuleGetFunction");
  if (Status status = require(modules, module, "module")) return status;
  auto kernel = hostKernels.find({module->element, module->file, name});
  if (kernel == hostKernels.end()) return refuse(NOT_FOUND, "%s has no kernel %s", module->file.c_str(), name);
  std::unique_ptr<Function>& function = module->functions[name];
  if (!function) function.reset(new Function{current, module, name, kernel->second});
  *found = *functions.insert(function.get()).first;
  return SUCCESS;
}

// Values are taken now; the kernel has to be there when it runs.
EXPORTED int cuLaunchKernel(Function* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                            unsigned blockY, unsigned blockZ, unsigned sharedBytes, Stream* stream, void** parameters,
                            void** extra) {
  CALL("cuLaunchKernel");
  if (Status status = require(functions, function, "kernel")) return status;
  if (Status status = require(streams, stream, "stream")) return status;
  if (Status status = requireGrid(gridX, gridY, gridZ, blockX, blockY, blockZ)) return status;
  if (extra != nullptr || sharedBytes != 0) return refuse(INVALID_VALUE, "what our kernels do not use");
  int bytes[MOST_PARAMETERS];
  int count = function->kernel.parameters(bytes);
  if (count > 0 && parameters == nullptr) return refuse(INVALID_VALUE, "no parameters");
  std::vector<uint64_t> values(count);
  for (int i = 0; i < count; i++) std::memcpy(&values[i], parameters[i], bytes[i]);
  return enqueue(stream, [=]() {
    if (functions.count(function) == 0) return refuse(ILLEGAL_ADDRESS, "a kernel whose module was unloaded");
    std::vector<uint64_t> taken = values;
    std::vector<void*> places(count + 1);
    for (int i = 0; i < count; i++) places[i] = &taken[i];
    int direction = order == EARLY ? 0 : 1;
    return function->kernel.launch(places.data(), direction, gridX, gridY, blockX, blockY) == 0
               ? SUCCESS
               : refuse(LAUNCH_FAILED, "%s has a barrier that not all threads reach", function->name.c_str());
  });
}

EXPORTED int cuGraphInstantiateWithFlags(Executable** made, Graph* graph, unsigned long long flags) {
  CALL("cuGraphInstantiate");
  if (graphs.count(graph) == 0) return refuse(INVALID_VALUE, "no graph");
  if (flags != 0) return refuse(INVALID_VALUE, "flags=%llu of a graph", flags);
  *made = *executables.insert(new Executable{current, *graph, nullptr}).first;
  count("executables", 1);
  return SUCCESS;
}

EXPORTED int cuGraphDestroy(Graph* graph) {
  CALL("cuGraphDestroy");
  if (graphs.erase(graph) == 0) return refuse(INVALID_VALUE, "no graph");
  delete graph;
  count("graphs", -1);
  return SUCCESS;
}

EXPORTED int cuGraphLaunch(Executable* executable, Stream* stream) {
  CALL("cuGraphLaunch");
  if (Status status = require(executables, executable, "executable graph")) return status;
  if (Status status = require(streams, stream, "stream")) return status;
  if (stream->capture) return spoil(stream->capture, CAPTURE_UNSUPPORTED, "cuGraphLaunch");
  std::vector<WorkPointer> all;
  std::vector<WorkPointer> first = {stream->last, executable->last};
  for (Step& step : executable->graph.steps) {
    std::vector<WorkPointer> after;
    for (size_t before : step.after) after.push_back(all[before]);
    auto run = step.run;
    all.push_back(start(
        current,
        [=]() {
          return executables.count(executable) == 0 ? refuse(ILLEGAL_ADDRESS, "a graph that was destroyed as it ran")
                                                    : (*run)();
        },
        step.after.empty() ? first : after));
  }
  all.insert(all.end(), first.begin(), first.end());
  stream->last = executable->last = start(current, nullptr, all);
  return SUCCESS;
}

EXPORTED int cuGraphExecDestroy(Executable* executable) {
  CALL("cuGraphExecDestroy");
  if (Status status = require(executables, executable, "executable graph")) return status;
  executables.erase(executable);
  delete executable;
  count("executables", -1);
  return SUCCESS;
}
