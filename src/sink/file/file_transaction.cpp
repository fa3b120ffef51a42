#include "sink/file/file_transaction.hpp"

#include <wallaroo/types/byte_reader.hpp>
#include <wallaroo/types/byte_writer.hpp>
#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

namespace {

constexpr std::uint8_t version = 2;
constexpr std::uint8_t version_without_proof = 1;
/// The least bytes of a piece. By it a number of pieces that cannot be right is noticed before
/// memory is allocated for them.
constexpr std::size_t min_piece_bytes = 4 + 4 * 8;

void put(ByteWriter& out, std::string_view text) {
  out.little_endian(static_cast<std::uint32_t>(text.size())).append(text);
}

std::string take_text(ByteReader& in) {
  const auto size = in.little_endian<std::uint32_t>();
  return std::string(in.text(size));
}

FilePiece take_piece(ByteReader& in) {
  FilePiece piece;
  piece.part = take_text(in);
  piece.part_offset = in.little_endian<std::uint64_t>();
  piece.file = in.little_endian<std::uint64_t>();
  piece.file_offset = in.little_endian<std::uint64_t>();
  piece.bytes = in.little_endian<std::uint64_t>();
  return piece;
}

[[noreturn]] void refuse() {
  throw IoError(
      "what the checkpoint says about this sink cannot be read; it was written by another kind of "
      "sink or a newer version; restore another checkpoint");
}

}  // namespace

std::string encode(const FileTransaction& transaction) {
  std::string bytes;
  ByteWriter out(bytes);
  out.little_endian(transaction.proof ? version : version_without_proof)
      .little_endian(transaction.end.index)
      .little_endian(transaction.end.bytes)
      .little_endian(static_cast<std::uint64_t>(transaction.end.begun_ns));
  put(out, transaction.path);
  out.little_endian(static_cast<std::uint32_t>(transaction.pieces.size()));
  for (const FilePiece& piece : transaction.pieces) {
    put(out, piece.part);
    out.little_endian(piece.part_offset)
        .little_endian(piece.file)
        .little_endian(piece.file_offset)
        .little_endian(piece.bytes);
  }
  if (transaction.proof) {
    out.little_endian(transaction.proof->device)
        .little_endian(transaction.proof->inode)
        .little_endian(transaction.proof->sample_bytes)
        .little_endian(transaction.proof->head_hash)
        .little_endian(transaction.proof->tail_hash);
  }
  out.close();
  return bytes;
}

FileTransaction decode_file_transaction(std::string_view bytes) {
  ByteReader in(bytes);
  const auto stored = in.little_endian<std::uint8_t>();
  if (stored != version && stored != version_without_proof) {
    refuse();
  }
  FileTransaction transaction;
  transaction.end.index = in.little_endian<std::uint64_t>();
  transaction.end.bytes = in.little_endian<std::uint64_t>();
  transaction.end.begun_ns = in.little_endian<std::int64_t>();
  transaction.path = take_text(in);
  const auto pieces = in.little_endian<std::uint32_t>();
  if (pieces > in.remaining() / min_piece_bytes) {
    refuse();
  }
  for (std::uint32_t i = 0; i < pieces; ++i) {
    transaction.pieces.push_back(take_piece(in));
  }
  if (stored == version) {
    FileProof& proof = transaction.proof.emplace();
    for (std::uint64_t* const number :
         {&proof.device, &proof.inode, &proof.sample_bytes, &proof.head_hash, &proof.tail_hash}) {
      *number = in.little_endian<std::uint64_t>();
    }
  }
  if (!in.ok() || in.remaining() != 0) {
    refuse();
  }
  return transaction;
}

}  // namespace wallaroo::internal
