"""When something recurs: the words people type for it, and the local times that follow from them."""
