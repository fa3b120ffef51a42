#pragma once

#include <cstdio>
#include <string>

#include "giles/receiver.hpp"
#include "giles/sender.hpp"

namespace wallaroo::giles {

// Prints the summaries for people.
void print_summary(std::FILE* out, const SendResult& result);
void print_summary(std::FILE* out, const ReceiveResult& result);
void print_latency(std::FILE* out, const std::string& title, const LatencyHistogram& latency);

// Writes the same for programs, as one JSON object; overwrites `file`. `sent` and `received` may be
// null. Throws RuntimeError when the file cannot be written.
void write_json(const std::string& file, const SendResult* sent, const ReceiveResult* received);

}  // namespace wallaroo::giles
