// Memory of the GPU and pinned memory, both in the process.

namespace {

constexpr size_t ALIGNMENT = 256;
constexpr size_t MARGIN = 256;
constexpr size_t QUARANTINE_BYTES = 256 << 20;
constexpr unsigned char RUBBISH = 0xff;  // as floats no numbers
constexpr unsigned char FENCE = 0xb7;

struct Block {
  Context* context;
  size_t bytes;
  bool isPinned;
};

std::map<uintptr_t, Block> blocks;
std::deque<std::pair<void*, size_t>> quarantine;
size_t quarantined = 0;
constexpr size_t TOTAL_BYTES = (size_t)16 << 30;
size_t totalBytes[GPUS] = {TOTAL_BYTES, TOTAL_BYTES, TOTAL_BYTES, TOTAL_BYTES};
size_t takenBytes[GPUS];

uintptr_t take(size_t bytes, bool isPinned) {
  char* memory = (char*)std::aligned_alloc(ALIGNMENT, MARGIN + (bytes + 2 * MARGIN - 1) / MARGIN * MARGIN);
  std::memset(memory, FENCE, MARGIN);
  std::memset(memory + MARGIN, RUBBISH, bytes);
  std::memset(memory + MARGIN + bytes, FENCE, MARGIN);
  uintptr_t address = (uintptr_t)memory + MARGIN;
  blocks[address] = {current, bytes, isPinned};
  count(isPinned ? "pinned" : "allocations", 1);
  return address;
}

bool isFenced(uintptr_t address, size_t bytes) {
  const unsigned char* before = (const unsigned char*)address - MARGIN;
  const unsigned char* behind = (const unsigned char*)address + bytes;
  for (size_t i = 0; i < MARGIN; i++) {
    if (before[i] != FENCE || behind[i] != FENCE) return false;
  }
  return true;
}

// Its bytes become rubbish at once, and nobody else's for a while.
Status giveBack(uintptr_t address, bool isPinned) {
  auto found = blocks.find(address);
  if (found == blocks.end() || found->second.isPinned != isPinned) {
    return refuse(INVALID_VALUE, "%#zx is no memory to free", (size_t)address);
  }
  Block block = found->second;
  if (block.context != current) return refuse(INVALID_VALUE, "memory of another context");
  bool isWhole = isFenced(address, block.bytes);
  blocks.erase(found);
  if (!isPinned) takenBytes[current->gpu] -= block.bytes;
  count(isPinned ? "pinned" : "allocations", -1);
  std::memset((void*)address, RUBBISH, block.bytes);
  quarantine.emplace_back((void*)(address - MARGIN), block.bytes);
  quarantined += block.bytes;
  while (quarantined > QUARANTINE_BYTES) {
    std::free(quarantine.front().first);
    quarantined -= quarantine.front().second;
    quarantine.pop_front();
  }
  if (!isWhole) {
    current->broken = refuse(ILLEGAL_ADDRESS, "something was written beside a block of %zu bytes", block.bytes);
  }
  return current->broken;
}

Status requireRange(Status status, uintptr_t address, size_t bytes) {
  if (bytes == 0) return refuse(INVALID_VALUE, "0 bytes, which a graph does not take");
  auto behind = blocks.upper_bound(address);
  if (behind != blocks.begin()) {
    auto block = std::prev(behind);
    if (address + bytes <= block->first + block->second.bytes) return SUCCESS;
  }
  return refuse(status, "%zu bytes at %#zx are not within memory that was allocated", bytes, (size_t)address);
}

bool isOfGpu(uintptr_t address) {
  auto behind = blocks.upper_bound(address);
  return behind != blocks.begin() && !std::prev(behind)->second.isPinned;
}

}  // namespace

EXPORTED int cuMemAlloc_v2(uintptr_t* address, size_t bytes) {
  CALL("cuMemAlloc");
  if (Status status = requireNoCapture("cuMemAlloc")) return status;
  if (bytes == 0) return refuse(INVALID_VALUE, "memory of 0 bytes");
  size_t& taken = takenBytes[current->gpu];
  if (bytes > totalBytes[current->gpu] - taken) return refuse(OUT_OF_MEMORY, "no %zu bytes are left", bytes);
  taken += bytes;
  *address = take(bytes, false);
  return SUCCESS;
}

EXPORTED int cuMemFree_v2(uintptr_t address) {
  CALL("cuMemFree");
  if (Status status = requireNoCapture("cuMemFree")) return status;
  return address == 0 ? SUCCESS : giveBack(address, false);
}

EXPORTED int cuMemAllocHost_v2(void** address, size_t bytes) {
  CALL("cuMemAllocHost");
  if (Status status = requireNoCapture("cuMemAllocHost")) return status;
  if (bytes == 0) return refuse(INVALID_VALUE, "pinned memory of 0 bytes");
  *address = (void*)take(bytes, true);
  return SUCCESS;
}

EXPORTED int cuMemFreeHost(void* address) {
  CALL("cuMemFreeHost");
  if (Status status = requireNoCapture("cuMemFreeHost")) return status;
  return giveBack((uintptr_t)address, true);
}

EXPORTED int cuMemGetInfo_v2(size_t* free, size_t* total) {
  CALL("cuMemGetInfo");
  *total = totalBytes[current->gpu];
  *free = *total - takenBytes[current->gpu];
  return SUCCESS;
}

// What is no memory of this driver's is refused: a real one would take it for the host's, and copy at once.
EXPORTED int cuMemcpyAsync(uintptr_t to, uintptr_t from, size_t bytes, Stream* stream) {
  CALL("cuMemcpyAsync");
  if (Status status = require(streams, stream, "stream")) return status;
  if (Status status = requireRange(INVALID_VALUE, to, bytes)) return status;
  if (Status status = requireRange(INVALID_VALUE, from, bytes)) return status;
  if (to < from + bytes && from < to + bytes) return refuse(INVALID_VALUE, "a copy over itself");
  return enqueue(stream, [=]() {
    if (Status status = requireRange(ILLEGAL_ADDRESS, to, bytes)) return status;
    if (Status status = requireRange(ILLEGAL_ADDRESS, from, bytes)) return status;
    std::memcpy((void*)to, (void*)from, bytes);
    return SUCCESS;
  });
}

EXPORTED int cuMemsetD8Async(uintptr_t to, unsigned char value, size_t bytes, Stream* stream) {
  CALL("cuMemsetD8Async");
  if (Status status = require(streams, stream, "stream")) return status;
  if (Status status = requireRange(INVALID_VALUE, to, bytes)) return status;
  if (!isOfGpu(to)) return refuse(INVALID_VALUE, "pinned memory to be set by the GPU");
  return enqueue(stream, [=]() {
    if (Status status = requireRange(ILLEGAL_ADDRESS, to, bytes)) return status;
    std::memset((void*)to, value, bytes);
    return SUCCESS;
  });
}
