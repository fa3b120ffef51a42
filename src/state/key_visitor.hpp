// Shows the keys of a state to those who ask for them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "record/describe.hpp"
#include "record/key.hpp"
#include "record/stored/stored_schema.hpp"
#include "record/stored/stored_write.hpp"

namespace wallaroo::internal {

/// Is shown keys as the bytes that checkpoints store of them.
class KeyVisitor {
 public:
  virtual ~KeyVisitor() = default;
  /// Called first: the schema of the keys' bytes. Empty for keys that are not stored, of which the
  /// bytes are a description for people.
  virtual void schema(std::string text) = 0;
  /// A key may come more than once. `bytes` are valid during the call.
  virtual void key(std::string_view bytes) = 0;
};

/// Shows keys of one type.
template <class Key>
class KeysShown {
 public:
  explicit KeysShown(KeyVisitor& visitor) : visitor_(visitor) {
    if constexpr (is_storable<Key>) {
      visitor.schema(schema_of<Key>().text());
    } else {
      visitor.schema({});
    }
  }
  void show(const Key& key) {
    if constexpr (is_storable<Key>) {
      out_.clear();
      store(key, out_);
      visitor_.key(out_.bytes());
    } else {
      visitor_.key(describe(key));
    }
  }

 private:
  KeyVisitor& visitor_;
  StoredWriter out_;
};

}  // namespace wallaroo::internal
