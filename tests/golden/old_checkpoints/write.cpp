// Writes a checkpoint of today's application into a directory that must not exist yet.
#include <cstdio>
#include <filesystem>

#include "orders.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_old_checkpoint DIRECTORY\n", stderr);
    return 2;
  }
  golden::old_checkpoints::Orders<> orders({});
  wallaroo::testing::Harness harness(orders.app);
  orders.give(harness, golden::old_checkpoints::first_orders);
  const auto checkpoint = harness.checkpoint();
  std::filesystem::copy(checkpoint.directory(), argv[1], std::filesystem::copy_options::recursive);
}
